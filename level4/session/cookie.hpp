// Cookies: small values that a browser keeps for us and sends back with every request (RFC 6265).
// One function reads the Cookie field, one writes the Set-Cookie field.
// Leaves out: encoding of values (a value with blanks or `;` is refused: encode it first, as
// session.cpp does), the name prefixes `__Host-` and `__Secure-`, and public suffix lists.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

// Browsers must keep a cookie of this size, with name, value and attributes together, and silently
// drop larger ones (RFC 6265 §6.1).
constexpr std::size_t max_cookie_bytes = 4096;

// Reads `a=1; b="2"`, the value of a Cookie field. Pairs that are not well-formed are skipped and
// the others stay: what another program on this host has set must not lock visitors out.
// Of two cookies with one name the first counts, as in Flask: browsers send the one with the
// longer, more specific path first (RFC 6265 §5.4). Quotes around a value are taken off.
std::map<std::string, std::string> parse_cookies(std::string_view field);

// When a browser adds the cookie to requests that another site has started. `lax`: only when the
// visitor follows a link to us. `none` needs `secure`. `unset`: the attribute is not sent.
enum class SameSite { unset, strict, lax, none };

// A cookie on its way to the browser. Without `max_age` and `expires` it lasts until the browser is
// closed; of the two, `max_age` wins (RFC 6265 §5.3). An empty `domain` means: only this host.
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

// The value of a Set-Cookie field. Each cookie takes a field of its own: unlike other fields they
// cannot be joined with commas (RFC 9110 §5.3).
// Throws std::invalid_argument when a part has characters that would end it early (`;`, a line end:
// an attacker's text must not become an attribute or a second response), or when browsers
// would refuse the combination; std::length_error past max_cookie_bytes.
std::string serialize_cookie(const Cookie& cookie);
