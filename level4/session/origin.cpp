// See origin.hpp.
#include "session/origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "host.hpp"
#include "number.hpp"
#include "text.hpp"

namespace {

// RFC 3986 §3.1.
bool is_scheme(std::string_view text) {
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
           });
}

// Browsers write an IPv6 address as short as it can be. (They write one that holds an IPv4 address
// differently from inet_ntop(), so it isn't accepted.)
bool is_shortest_ipv6(const std::string& text) {
    in6_addr address;
    char shortest[INET6_ADDRSTRLEN];
    return inet_pton(AF_INET6, text.c_str(), &address) == 1 &&
           text == inet_ntop(AF_INET6, &address, shortest, sizeof shortest);
}

// Is this label a number to a browser? It may be hexadecimal (URL standard, "ends in a number").
bool is_number(std::string_view label) {
    const bool hexadecimal = label.starts_with("0x");
    if (hexadecimal) label.remove_prefix(2);
    return (hexadecimal || !label.empty()) &&
           std::all_of(label.begin(), label.end(), hexadecimal ? is_hex_digit : is_digit);
}

// A percent sign is decoded by browsers, and a star is only a way to say "any". What ends in a
// number is an IPv4 address to them, and is written with four numbers, without a final dot.
bool is_host_of_browser(std::string_view name) {
    if (name.starts_with('[')) {
        return is_shortest_ipv6(std::string(name.substr(1, name.size() - 2)));
    }
    if (name.empty() || name.find_first_of("%*") != std::string_view::npos) return false;
    const std::string_view labels = name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0));
    const std::string_view last = labels.substr(labels.rfind('.') + 1);  // all, if there is no dot
    in_addr address;
    return !is_number(last) || inet_pton(AF_INET, std::string(name).c_str(), &address) == 1;
}

// With its colon; empty for a scheme that isn't ours.
const char* own_port(std::string_view scheme) {
    return scheme == "http" ? ":80" : scheme == "https" ? ":443" : "";
}

// `text`: what follows the host; empty, or a colon and a port other than the scheme's own.
bool is_port_of_browser(std::string_view text, std::string_view scheme) {
    if (text.empty()) return true;
    const auto port = parse_number<unsigned>(text.substr(1));
    return port && *port <= 65535 && text.substr(1) == std::to_string(*port) &&
           text != own_port(scheme);
}

}  // namespace

// Browsers leave the scheme's own port out of Origin, but some proxies write it into Host.
bool is_same_origin(const Headers& headers) {
    const std::string* const host = headers.find("Host");
    const std::string* const origin = headers.find_single("Origin");
    if (origin == nullptr || host == nullptr) return false;
    const auto scheme_end = origin->find("://");
    if (scheme_end == std::string::npos) return false;
    const std::string authority = origin->substr(scheme_end + 3);
    const char* const port = own_port(origin->substr(0, scheme_end));
    return equal_ignoring_case(authority, *host) || equal_ignoring_case(authority + port, *host);
}

bool is_origin(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || text != lower_case(text)) return false;
    const std::string_view scheme = text.substr(0, scheme_end);
    const std::string_view rest = text.substr(scheme_end + 3);
    const auto host = parse_host(rest);
    return is_scheme(scheme) && host && is_host_of_browser(host->name) &&
           is_port_of_browser(rest.substr(host->name.size()), scheme);
}
