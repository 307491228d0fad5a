// See host.hpp. What the grammar allows is listed here, not what it forbids: a list of what is
// forbidden is never complete.
#include "host.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

#include "text.hpp"
#include "url.hpp"

namespace {

// Letters, digits, "unreserved" and "sub-delims" (RFC 3986 §2.2 and §2.3).
constexpr bool is_name_char(char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}
constexpr CharacterSet name_characters([](char c) { return is_name_char(c) || c == '%'; });

// An IPv6 address in brackets, or one of a version that is still to come ([v7.x]).
bool is_ip_literal(std::string_view text) {
    if (!text.starts_with('[') || !text.ends_with(']')) return false;
    text = text.substr(1, text.size() - 2);
    in6_addr address;
    if (inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1) return true;
    if (!text.starts_with('v') && !text.starts_with('V')) return false;
    const std::string_view version = take_until(text, ".").substr(1);
    return !version.empty() && std::all_of(version.begin(), version.end(), is_hex_digit) &&
           !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
               return is_name_char(c) || c == ':';
           });
}

bool is_registered_name(std::string_view text) {
    return (text.find('%') == std::string_view::npos || percent_decode(text)) &&
           name_characters.has_all_of(text);
}

}  // namespace

std::optional<Host> parse_host(std::string_view text) {
    // The colons between the brackets of [::1]:80 don't begin the port.
    const auto colon = text.find(':', text.starts_with('[') ? text.find(']') : 0);
    Host host{text.substr(0, colon), {}};
    if (colon != std::string_view::npos) host.port = text.substr(colon + 1);
    if (!is_ip_literal(host.name) && !is_registered_name(host.name)) return std::nullopt;
    if (!std::all_of(host.port.begin(), host.port.end(), is_digit)) return std::nullopt;
    return host;
}
