// See host.hpp. What the grammar allows is listed here, not what it forbids: a list of what is
// forbidden is never complete.
#include "host.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

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

// 127/8 (RFC 1122 §3.2.1.3), ::1, and the IPv6 form of the former, ::ffff:127.0.0.1.
bool is_loopback(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in ipv4;
        std::memcpy(&ipv4, &address, sizeof ipv4);
        return ntohl(ipv4.sin_addr.s_addr) >> 24 == 127;
    }
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, &address, sizeof ipv6);
    const in6_addr& bytes = ipv6.sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&bytes) ||
           (IN6_IS_ADDR_V4MAPPED(&bytes) && bytes.s6_addr[12] == 127);
}

// 0.0.0.0 and ::, which stand for all addresses of a machine.
bool is_wildcard(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in ipv4;
        std::memcpy(&ipv4, &address, sizeof ipv4);
        return ipv4.sin_addr.s_addr == htonl(INADDR_ANY);
    }
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, &address, sizeof ipv6);
    return IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr);
}

// Looks a name or an address up as it is done for listening, and asks about what was found.
bool is_address(const std::string& host, bool (*belongs)(const sockaddr&)) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> address(found, freeaddrinfo);
    return belongs(*address->ai_addr);
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

bool is_only_this_machine(const std::string& host) {
    return is_address(host, is_loopback);
}

bool is_every_address(const std::string& host) {
    return is_address(host, is_wildcard);
}
