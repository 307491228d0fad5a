// See allowed_hosts.hpp. Names are compared in one normal form, because one host can be written in
// many ways.
#include "middleware/allowed_hosts.hpp"

#include <arpa/inet.h>

#include <set>
#include <stdexcept>
#include <utility>

#include "../../common/output.hpp"
#include "../../common/trace.hpp"
#include "host.hpp"
#include "middleware/below.hpp"
#include "text.hpp"

namespace {

// In lower case, without the final dot of a complete name, and an IPv6 address as short as it can
// be, without its brackets.
std::string normal_form(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    const std::string result = lower_case(name);
    if (!result.starts_with('[') || !result.ends_with(']')) return result;
    in6_addr address;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, result.substr(1, result.size() - 2).c_str(), &address) != 1) {
        return result;
    }
    return inet_ntop(AF_INET6, &address, text, sizeof text);
}

bool is_loopback_address(const std::string& text) {
    in_addr address;  // inet_aton() also reads 127.1, which some clients send as it was typed
    in6_addr address6;
    if (inet_aton(text.c_str(), &address) != 0) return ntohl(address.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, text.c_str(), &address6) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&address6) ||
           (IN6_IS_ADDR_V4MAPPED(&address6) && address6.s6_addr[12] == 127);
}

bool is_guarded(const Request& request) {
    return !request.is_safe() || is_below(request.path, "/api") ||
           is_below(request.path, "/admin") || is_below(request.path, "/wire") ||
           request.headers.lists("Upgrade", "websocket");
}

Response misdirected(std::string_view name) {
    const std::string problem = "This server does not go by the name '" + std::string(name) +
                                "'. If it should, start it with --allow-host " +
                                (name.empty() ? "NAME" : std::string(name));
    print_error("Refused a request (421): " + visible(problem));
    return Response::error(421, problem);
}

}  // namespace

bool is_loopback_host(std::string_view name) {
    const std::string normal = normal_form(name);
    return normal == "localhost" || normal.ends_with(".localhost") || is_loopback_address(normal);
}

bool is_host_name(std::string_view name) {
    const auto host = parse_host(name);
    return host && host->name == name && !name.empty() && name != "." &&
           name.find('*') == std::string_view::npos;
}

Middleware allowed_hosts(const std::vector<std::string>& names) {
    std::set<std::string> allowed;
    for (const auto& name : names) {
        if (!is_host_name(name)) throw std::invalid_argument("not a host name: " + name);
        allowed.insert(normal_form(name));
    }
    return [allowed = std::move(allowed)](Request& request, const Next& next) {
        const auto* const field = request.headers.find("Host");
        if (field == nullptr || !is_guarded(request)) return next(request);
        const auto host = parse_host(*field);
        const std::string_view name = host ? host->name : std::string_view(*field);
        if (is_loopback_host(name) || allowed.contains(normal_form(name))) return next(request);
        return misdirected(name);
    };
}
