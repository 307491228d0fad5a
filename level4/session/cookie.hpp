// Cookies: small values that a browser keeps for us and sends back with every request (RFC 6265).
// One function reads the Cookie field, one writes the Set-Cookie field.
// Leaves out: the encoding of values (a value with blanks or `;` is refused; session.cpp shows how
// to encode one), the name prefixes `__Host-` and `__Secure-`, and public suffix lists.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Browsers must keep a cookie of this size, which counts its name, value and attributes. They
// silently drop larger ones (RFC 6265 §6.1).
constexpr std::size_t max_cookie_bytes = 4096;

// Reads `a=1; b="2"`, the value of a Cookie field. Malformed pairs are skipped and the others
// count, because a cookie of another program on this host must not lock visitors out.
// Names and values in the order of the field. A name may be there several times, because cookies
// differ by path and domain as well, which aren't sent; the longer path comes first (RFC 6265
// §5.4). Quotes around a value are removed.
std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view field);

// Does a browser add the cookie to requests that another site has started? `strict`: never. `lax`:
// only if the visitor follows a link to us. `none`: always, but this needs `secure`. `unset`: the
// attribute isn't sent, and the browser decides.
enum class SameSite { unset, strict, lax, none };

// A cookie on its way to the browser. Without `max_age` and `expires` it lasts until the browser is
// closed. If it has both, `max_age` counts (RFC 6265 §5.3). An empty `domain` means only this host.
struct Cookie {
    std::string name;
    std::string value;
    std::optional<std::chrono::system_clock::time_point> expires = {};
    std::optional<std::chrono::seconds> max_age = {};  // 0 or less: forget the cookie now
    std::string domain = {};
    std::string path = {};
    bool secure = false;     // only over HTTPS
    bool http_only = false;  // out of reach for JavaScript
    SameSite same_site = SameSite::unset;
};

// The value of a Set-Cookie field. Each cookie needs a field of its own, because unlike other
// fields they can't be joined with commas (RFC 9110 §5.3).
// Throws std::invalid_argument if a part holds a character that would end it early (`;`, a line
// end), so that an attacker's text can't become an attribute or a second response. Throws it also
// for a combination that browsers would refuse, and std::length_error past max_cookie_bytes.
std::string serialize_cookie(const Cookie& cookie);
