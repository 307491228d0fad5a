// See address.hpp.
#include "address.hpp"

#include <stdexcept>
#include <string_view>

namespace {

// Empty if this host has none: listen_on() will say why.
std::string address_of(const std::string& host) try {
    const Address address = look_up(host, "0");
    return written_out(address->ai_addr, address->ai_addrlen);
} catch (const std::runtime_error&) {
    return "";
}

}  // namespace

Address look_up(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error == 0) return {found, freeaddrinfo};
    throw std::runtime_error("Cannot listen on " + host + ": " + gai_strerror(error));
}

std::string written_out(const sockaddr* address, socklen_t size) {
    char host[NI_MAXHOST] = "-";
    getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    const std::string_view mapped = "::ffff:", text = host;
    return std::string(text.starts_with(mapped) ? text.substr(mapped.size()) : text);
}

bool is_only_this_machine(const std::string& host) {
    const std::string address = address_of(host);
    return address.starts_with("127.") || address == "::1";  // 127/8: RFC 1122 §3.2.1.3
}

bool is_every_address(const std::string& host) {
    const std::string address = address_of(host);
    return address == "0.0.0.0" || address == "::";
}
