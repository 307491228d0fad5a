// Lenient in what it reads, strict in what it writes. RFC 6265 §4.1.1 has the grammar of what a
// server may send, and serialize_cookie() lets nothing else through.
#include "session/cookie.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "response.hpp"  // http_date()
#include "text.hpp"

namespace {

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

// What we accept from a browser. cookie-octet excludes blanks and commas, but scripts in pages
// store them all the same. Go's net/http accepts the same set.
bool is_readable_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](char c) { return is_printable(c) && c != '"' && c != ';' && c != '\\'; });
}

// What we send: only cookie-octet.
bool is_writable_value(std::string_view value) {
    return is_readable_value(value) && value.find_first_of(" ,") == std::string_view::npos;
}

// Browsers read years from 1601 to 9999.
std::string expiry_date(std::chrono::system_clock::time_point when) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm utc{};
    if (gmtime_r(&seconds, &utc) == nullptr || utc.tm_year < 1601 - 1900 ||
        utc.tm_year > 9999 - 1900) {
        throw std::invalid_argument("cookie: Expires lies outside the years 1601 to 9999");
    }
    return http_date(seconds);
}

void require(bool condition, const std::string& what) {
    if (!condition) throw std::invalid_argument("cookie: " + what);
}

// §4.1.1. A programmer who puts a visitor's text into a cookie learns here, and not from an
// attacker, that it must be encoded. Dropping the bad characters silently would hide the mistake.
void check(const Cookie& cookie) {
    // The messages never repeat a wrong text, because they may end up in a log, with its line ends.
    require(is_token(cookie.name), "the name isn't a token");
    require(is_writable_value(cookie.value),
            "the value of '" + cookie.name + "' has a character that must be encoded first");
    require(std::all_of(cookie.domain.begin(), cookie.domain.end(),
                        [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.'; }),
            "the domain of '" + cookie.name + "' isn't a host name");
    // A path that does not begin with a slash is silently replaced by the browser (§5.2.4).
    require(cookie.path.empty() || cookie.path.starts_with('/'),
            "the path of '" + cookie.name + "' must begin with /");
    require(std::all_of(cookie.path.begin(), cookie.path.end(),
                        [](char c) { return is_printable(c) && c != ';'; }),
            "the path of '" + cookie.name + "' has a character that a path can't have");
    require(cookie.same_site != SameSite::none || cookie.secure,
            "browsers refuse '" + cookie.name + "': SameSite=None needs Secure");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view field) {
    std::vector<std::pair<std::string, std::string>> cookies;
    while (!field.empty()) {
        std::string_view value = take_until(field, ";");
        if (value.find('=') == std::string_view::npos) continue;
        // The first equals sign counts. A value may hold more of them, as base64 does.
        const std::string_view name = trim(take_until(value, "="));
        value = trim(value);
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
            value = value.substr(1, value.size() - 2);
        }
        if (is_token(name) && is_readable_value(value)) cookies.emplace_back(name, value);
    }
    return cookies;
}

std::string serialize_cookie(const Cookie& cookie) {
    check(cookie);
    std::string field = cookie.name + "=" + cookie.value;
    if (cookie.expires) field += "; Expires=" + expiry_date(*cookie.expires);
    if (cookie.max_age) field += "; Max-Age=" + std::to_string(cookie.max_age->count());
    if (!cookie.domain.empty()) field += "; Domain=" + cookie.domain;
    if (!cookie.path.empty()) field += "; Path=" + cookie.path;
    if (cookie.secure) field += "; Secure";
    if (cookie.http_only) field += "; HttpOnly";
    switch (cookie.same_site) {
        case SameSite::unset: break;
        case SameSite::strict: field += "; SameSite=Strict"; break;
        case SameSite::lax: field += "; SameSite=Lax"; break;
        case SameSite::none: field += "; SameSite=None"; break;
    }
    // A browser would silently drop it, and the mistake would be hard to find.
    if (field.size() > max_cookie_bytes) {
        throw std::length_error("cookie '" + cookie.name + "' takes " +
                                std::to_string(field.size()) + " bytes; browsers drop more than " +
                                std::to_string(max_cookie_bytes));
    }
    return field;
}
