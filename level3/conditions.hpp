// Conditional requests (RFC 9110 §13): a client names the version that it has, by its ETag or by
// its date, and asks for the file only if that has changed, or only if it hasn't.
#pragma once

#include <ctime>
#include <optional>
#include <string_view>

#include "headers.hpp"

// Checks the conditions of a request in the order of §13.2.2, and returns 412, 304, or 200 if they
// let it pass. A date that is invalid or given twice is ignored (§13.1.3). `etag` is quoted, as in
// the field; `modified` is nothing if it isn't known.
int check_conditions(const Headers& headers, std::string_view etag,
                     std::optional<std::time_t> modified);

// May the request get a range? With If-Range, only if the file is still the version that the client
// has a part of (§13.1.5). A date never holds, because a file may change twice in a second, and
// ours all have an ETag.
bool if_range_holds(const Headers& headers, std::string_view etag);
