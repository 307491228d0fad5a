// What a client would rather have: the Accept fields (RFC 9110 §12.5).
// Leaves out: ranges such as text/*, which count as some other item.
#pragma once

#include <string_view>

#include "headers.hpp"

// How much the client wants `item`, from 0 (not at all) to 1, by a field such as
//     Accept-Encoding: gzip, br;q=0.5, *;q=0
// An item that is not listed counts as `*` does, and without that as 0. So does a missing field.
double quality_of(const Headers& headers, std::string_view field, std::string_view item);

// May the reply be compressed? Whoever would rather have it as it is gets it so: "gzip;q=0.5,
// identity" (RFC 9110 §12.5.3).
bool accepts_gzip(const Headers& headers);
