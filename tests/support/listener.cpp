// Linux tells in two steps: /proc/net/tcp has the inode of the socket that listens on the port, and
// /proc/PID/fd has links to the sockets that a process has open.
#include "listener.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

// The sockets that listen, "socket:[INODE]", and their ports; a line of the table reads
// `0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 INODE ...`.
using Sockets = std::map<std::string, int>;

Sockets listening_sockets() {
    constexpr std::string_view listens = "0A";
    Sockets sockets;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream lines(table);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string number, local, remote, state, queues, timer, retries, user, timeout, inode;
            words >> number >> local >> remote >> state >> queues >> timer >> retries >> user >>
                timeout >> inode;
            const std::size_t colon = local.find(':');
            if (state != listens || colon == std::string::npos) continue;
            sockets["socket:[" + inode + "]"] =
                static_cast<int>(std::strtol(local.c_str() + colon + 1, nullptr, 16));
        }
    }
    return sockets;
}

// The ports of those of the sockets that a process has open.
std::vector<int> ports_of(pid_t process, const Sockets& sockets) {
    std::vector<int> ports;
    std::error_code error;  // processes come and go while we look, and some may not be looked at
    const std::filesystem::path folder = "/proc/" + std::to_string(process) + "/fd";
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code gone;
        const auto found =
            sockets.find(std::filesystem::read_symlink(entry->path(), gone).string());
        if (found != sockets.end()) ports.push_back(found->second);
    }
    return ports;
}

}  // namespace

std::optional<pid_t> process_that_listens(int port, const std::vector<pid_t>& among) {
    const Sockets sockets = listening_sockets();
    for (const pid_t process : among) {
        const std::vector<int> ports = ports_of(process, sockets);
        if (std::count(ports.begin(), ports.end(), port) > 0) return process;
    }
    return std::nullopt;
}

std::optional<int> port_listened_on(const std::vector<pid_t>& among) {
    const Sockets sockets = listening_sockets();
    for (const pid_t process : among) {
        const std::vector<int> ports = ports_of(process, sockets);
        if (!ports.empty()) return ports.front();
    }
    return std::nullopt;
}

std::optional<bool> is_listened_on(int port) {
    if (!std::filesystem::exists("/proc/net/tcp")) return std::nullopt;
    const Sockets sockets = listening_sockets();
    return std::any_of(sockets.begin(), sockets.end(),
                       [&](const auto& socket) { return socket.second == port; });
}
