// See system.hpp. First what is the same everywhere, then Linux, then macOS.
#include "system.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

ssize_t copy_file_part(const Descriptor& client, const Descriptor& file, std::uint64_t offset,
                       std::uint64_t most) {
    std::array<char, 16384> piece;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(most, piece.size()));
    const ssize_t count = pread(file.number(), piece.data(), size, static_cast<off_t>(offset));
    if (count <= 0) return count;
    // What the socket does not take now is read again the next time.
    return send(client.number(), piece.data(), static_cast<std::size_t>(count), 0);
}

#if defined(__linux__)

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

int accept_socket(int listener, int flags, sockaddr* peer, socklen_t* peer_size) {
    const int blocking = (flags & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0;
    return accept4(listener, peer, peer_size, blocking | SOCK_CLOEXEC);
}

std::uint64_t unsent_bytes(const Descriptor& client) {
    int unsent = 0;  // stays 0 for a connection that is broken: send() will tell
    ioctl(client.number(), SIOCOUTQ, &unsent);
    return static_cast<std::uint64_t>(unsent);
}

ssize_t send_file_part(const Descriptor& client, const Descriptor& file, std::uint64_t offset,
                       std::uint64_t most) {
    constexpr std::uint64_t most_at_once = 1 << 30;  // a size_t may have 32 bits
    auto position = static_cast<off_t>(offset);
    const ssize_t count = sendfile(client.number(), file.number(), &position,
                                   static_cast<std::size_t>(std::min(most, most_at_once)));
    // Some file systems don't support it.
    return count < 0 && errno == EINVAL ? copy_file_part(client, file, offset, most) : count;
}

bool sync_file(const Descriptor& file) {
    return fsync(file.number()) == 0;
}

bool sync_content(const Descriptor& file) {
    return fdatasync(file.number()) == 0;
}

timespec change_time(const struct stat& facts) {
    return facts.st_mtim;
}

timespec status_change_time(const struct stat& facts) {
    return facts.st_ctim;
}

std::filesystem::path program_file(const std::string& name) {
    std::error_code error;
    const auto file = std::filesystem::canonical("/proc/self/exe", error);
    return error ? std::filesystem::absolute(name) : file;
}

#elif defined(__APPLE__)

#include <mach-o/dyld.h>
#include <sys/time.h>

int accept_socket(int listener, int flags, sockaddr* peer, socklen_t* peer_size) {
    const int client = accept(listener, peer, peer_size);
    if (client < 0) return client;
    fcntl(client, F_SETFD, FD_CLOEXEC);
    fcntl(client, F_SETFL, flags);  // otherwise it is as the listener is, which never blocks
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
        timeval time{};
        socklen_t size = sizeof time;
        getsockopt(listener, SOL_SOCKET, option, &time, &size);
        setsockopt(client, SOL_SOCKET, option, &time, size);
    }
    return client;
}

std::uint64_t unsent_bytes(const Descriptor& client) {
    int unsent = 0;
    socklen_t size = sizeof unsent;
    getsockopt(client.number(), SOL_SOCKET, SO_NWRITE, &unsent, &size);
    return static_cast<std::uint64_t>(unsent);
}

ssize_t send_file_part(const Descriptor& client, const Descriptor& file, std::uint64_t offset,
                       std::uint64_t most) {
    return copy_file_part(client, file, offset, most);
}

// fsync() only hands the bytes to the drive, which may keep them in a cache of its own. Not every
// file system can make the drive write them, such as one in the network.
bool sync_file(const Descriptor& file) {
    if (fcntl(file.number(), F_FULLFSYNC) == 0) return true;
    return (errno == ENOTSUP || errno == ENOTTY || errno == EINVAL) && fsync(file.number()) == 0;
}

bool sync_content(const Descriptor& file) {
    return sync_file(file);
}

timespec change_time(const struct stat& facts) {
    return facts.st_mtimespec;
}

timespec status_change_time(const struct stat& facts) {
    return facts.st_ctimespec;
}

std::filesystem::path program_file(const std::string& name) {
    std::array<char, 4096> path{};
    std::uint32_t size = path.size();
    if (_NSGetExecutablePath(path.data(), &size) != 0) return std::filesystem::absolute(name);
    return std::filesystem::canonical(path.data());
}

#else
#error "Only Linux and macOS are known here."
#endif
