// The parts of a URL that a server must decode: percent-encoding and query strings.
// Leaves out: building URLs, and everything that only a client needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Replaces every %XX by the byte that it names (RFC 3986 §2.1). Returns nothing if a % is not
// followed by two hexadecimal digits. The result may hold any byte, even NUL, so check it before
// you use it as the name of a file.
std::optional<std::string> percent_decode(std::string_view text);

// Takes a=1&b=2 apart, in order, the way browsers encode forms: + is a space, a name may repeat or
// have no value, and a % that does not begin an escape stands for itself
// (https://url.spec.whatwg.org/#urlencoded-parsing).
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
QueryPairs parse_query(std::string_view query);

// The value of the first pair of that name, or nothing.
std::optional<std::string> query_value(std::string_view query, std::string_view name);
