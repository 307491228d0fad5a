// What Linux and macOS call by different names, or what only one of them has. In common/ and the
// levels' top folders all other system calls are POSIX. Only this file and its .cpp, server.cpp for
// the size of a thread's stack, and level 4's poller ask which of the two it is.
// Leaves out: Windows.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>

#include "descriptor.hpp"

// step_into tells open() that a folder is only a step on the way to what lies in it. Such a folder
// need not be readable. more_follows tells send() that more bytes follow at once and may share the
// packet. Without it a reply takes one packet more.
#if defined(__linux__)
constexpr int step_into = O_PATH | O_DIRECTORY;
constexpr int more_follows = MSG_MORE;
constexpr bool has_epoll = true;
#else
constexpr int step_into = O_SEARCH | O_DIRECTORY;
constexpr int more_follows = 0;
constexpr bool has_epoll = false;
#endif

// accept(): returns -1 and errno, or a socket with FD_CLOEXEC, which does not block if `flags` has
// O_NONBLOCK. It has the listener's timeouts. `peer` receives the address of the other end.
int accept_socket(int listener, int flags, sockaddr* peer, socklen_t* peer_size);

// Bytes that the kernel has taken from us and the client has not taken from the kernel.
std::uint64_t unsent_bytes(const Descriptor& client);

// Sends up to `most` bytes of a file, from `offset` on. Returns how many the socket took, 0 at the
// file's end, or -1 and errno. On Linux the kernel copies them by itself (sendfile); where it
// can't, copy_file_part() reads a piece and sends it.
ssize_t send_file_part(const Descriptor& client, const Descriptor& file, std::uint64_t offset,
                       std::uint64_t most);
ssize_t copy_file_part(const Descriptor& client, const Descriptor& file, std::uint64_t offset,
                       std::uint64_t most);

// Waits until the file, or the folder, is on disk. sync_content() may leave out metadata, such as
// the time of the last change. False, and errno, if that has failed.
bool sync_file(const Descriptor& file);
bool sync_content(const Descriptor& file);

// When a file was changed, to the nanosecond if its file system is that exact.
timespec change_time(const struct stat& facts);

// When anything about a file was changed, its name included. A program such as rsync can set back
// change_time(), but not this.
timespec status_change_time(const struct stat& facts);

// The path of the running program. The kernel knows it; if it won't say, the name that the program
// was started by (argv[0]) has to do.
std::filesystem::path program_file(const std::string& name);
