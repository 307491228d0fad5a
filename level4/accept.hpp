// What a client prefers: the Accept fields (RFC 9110 §12.5).
// Leaves out: what the parameters of a media type mean. text/html;level=1 is taken for text/html, if
// that isn't listed by itself.
#pragma once

#include <compare>
#include <string_view>

#include "headers.hpp"

// How much the client wants `item`, from 0 (not at all) to 1000, according to a field such as
//     Accept-Encoding: gzip, br;q=0.5, *;q=0
// "x-gzip" counts as "gzip", whose old name it is (§8.4.1.3). A malformed weight counts as 0.
// An item that isn't listed counts as much as `*`. Without a `*`, or without the field, that is 0.
int quality_of(const Headers& headers, std::string_view field, std::string_view item);

// The same, with how closely the field names the item, because the closest range of Accept counts
// (§12.5.1). Of two media types with the same quality the client wants the one that it names.
struct Preference {
    int quality = 0;
    // 4: as text/html, 3: as text/html;level=1, 2: as text/*, 1: as */*, 0: not at all
    int closeness = 0;
    auto operator<=>(const Preference&) const = default;
};
Preference preference_for(const Headers& headers, std::string_view field, std::string_view item);

// May the reply be compressed? A client that prefers no compression gets none, for example with
// "gzip;q=0.5, identity" (RFC 9110 §12.5.3).
bool accepts_gzip(const Headers& headers);
