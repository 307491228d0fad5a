// The host and port that a client asks for, in the Host field or in a request target.
// Leaves out: names in scripts other than Latin, which arrive as ASCII.
#pragma once

#include <optional>
#include <string_view>

struct Host {
    std::string_view name;  // a name, an IPv4 address, or an IPv6 address in its brackets
    std::string_view port;  // decimal digits; empty without a port
};

// Splits `name[:port]`. Nothing, if the grammar of RFC 3986 §3.2.2 doesn't allow it; it does allow
// an empty name.
std::optional<Host> parse_host(std::string_view text);
