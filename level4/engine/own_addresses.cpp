// See own_addresses.hpp.
#include "engine/own_addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <memory>
#include <utility>

namespace {

// Empty for what isn't an address of the internet.
std::string text_of(const sockaddr& address, bool with_ipv6) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.sa_family == AF_INET) {
        const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
        return inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof text);
    }
    if (address.sa_family != AF_INET6 || !with_ipv6) return "";
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&ipv6)) return "";
    return "[" + std::string(inet_ntop(AF_INET6, &ipv6, text, sizeof text)) + "]";
}

}  // namespace

std::vector<std::string> own_addresses(bool with_ipv6) {
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, freeifaddrs);
    std::vector<std::string> found;
    for (const ifaddrs* card = first; card != nullptr; card = card->ifa_next) {
        const bool usable =
            (card->ifa_flags & IFF_UP) != 0 && (card->ifa_flags & IFF_LOOPBACK) == 0;
        if (!usable || card->ifa_addr == nullptr) continue;
        std::string text = text_of(*card->ifa_addr, with_ipv6);
        if (!text.empty()) found.push_back(std::move(text));
    }
    return found;
}
