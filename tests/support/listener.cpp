// Linux tells in two steps: /proc/net/tcp has the inode of the socket that listens on the port, and
// /proc/PID/fd has links to the sockets that a process has open.
#include "listener.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

// "socket:[INODE]" for each socket that listens on the port; a line of the table reads
// `0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 INODE ...`.
std::vector<std::string> listening_sockets(int port) {
    constexpr std::string_view listens = "0A";
    std::vector<std::string> sockets;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream lines(table);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string number, local, remote, state, queues, timer, retries, user, timeout, inode;
            words >> number >> local >> remote >> state >> queues >> timer >> retries >> user >>
                timeout >> inode;
            const std::size_t colon = local.find(':');
            if (state != listens || colon == std::string::npos) continue;
            if (std::strtol(local.c_str() + colon + 1, nullptr, 16) != port) continue;
            sockets.push_back("socket:[" + inode + "]");
        }
    }
    return sockets;
}

bool holds_one_of(const std::filesystem::path& process, const std::vector<std::string>& sockets) {
    std::error_code error;  // processes come and go while we look, and some may not be looked at
    for (std::filesystem::directory_iterator entry(process / "fd", error), end;
         !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry->path(), gone).string();
        if (std::count(sockets.begin(), sockets.end(), target) > 0) return true;
    }
    return false;
}

}  // namespace

std::optional<pid_t> process_that_listens(int port, const std::vector<pid_t>& among) {
    const std::vector<std::string> sockets = listening_sockets(port);
    for (const pid_t process : among)
        if (holds_one_of("/proc/" + std::to_string(process), sockets)) return process;
    return std::nullopt;
}

std::optional<bool> is_listened_on(int port) {
    if (!std::filesystem::exists("/proc/net/tcp")) return std::nullopt;
    return !listening_sockets(port).empty();
}
