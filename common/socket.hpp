// A TCP socket, and the few things that every server does with one: listen, accept, receive, send,
// say goodbye, stop. Nothing here knows about HTTP. POSIX only: poll(), not epoll.
// Leaves out: TLS, UDP, and many sockets in one thread (level 4's event loop has that).
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "clock.hpp"
#include "descriptor.hpp"

// One end of a connection, or a socket that listens. To the kernel it is a descriptor like others.
struct Socket : Descriptor {
    using Descriptor::Descriptor;
    std::string peer = {};  // the address of the other end, such as 127.0.0.1
};

// From here on Ctrl-C (SIGINT) and SIGTERM ask the program to stop instead of killing it; a second
// one ends it at once. Also turns a client that has vanished into an error of send() instead of a
// signal that would end the program.
void handle_signals();
bool stop_requested();
int stop_descriptor();  // becomes readable, for good, when the program is asked to stop

// How long a program that was asked to stop goes on with the replies that are under way.
constexpr std::chrono::seconds drain_time{5};
constexpr std::string_view stopping_line =
    "Stopping: replies that are under way get up to 5 seconds. Ctrl-C again stops at once.";

// A socket that clients can connect to; `host` is an address or a name of this machine. Throws
// std::runtime_error with a message for the user; `program` is how the program was started, for the
// advice when the port is taken.
Socket listen_on(const std::string& host, int port, const std::string& program);

// What try_accept() found. `trouble` mostly means that the program has run out of descriptors.
// The listener then stays readable, so asking again at once would only burn processor time. After
// accept_pause some client may have left.
enum class Accepted { client, nothing, trouble };
constexpr std::chrono::milliseconds accept_pause{100};

// Takes a client from the backlog, if one is waiting there. Its socket blocks unless `flags` has
// O_NONBLOCK.
Accepted try_accept(const Socket& listener, Socket& client, int flags = 0);

// Waits for the next client. Returns an empty Socket once the program is asked to stop and the
// backlog is empty. A client that hangs up too early, or a lack of descriptors, never ends a
// server.
Socket accept_client(const Socket& listener);

// What receive() returns. `bytes`: `size` bytes have arrived. `end`: the client will send no more,
// or the connection is broken. `timed_out`: the deadline has passed. `stopping`: the program was
// asked to stop.
struct Received {
    enum What { bytes, end, timed_out, stopping } what;
    std::size_t size = 0;
};

// Waits for bytes until the deadline, and copies what has arrived into the buffer. With a deadline
// in the past it takes what is there and does not wait. It notices a stop, and the deadline, within
// a quarter of a second.
Received receive(const Socket& client, std::span<char> buffer, Clock::time_point deadline);

// Sends everything, in as many pieces as the kernel wants. False if the client has gone, or has
// taken nothing at all for `send_stall`.
bool send_all(const Socket& client, std::string_view bytes);
constexpr std::chrono::seconds send_stall{10};

// How long a goodbye may last: in all, without a byte, and once the program is to stop.
constexpr std::chrono::seconds goodbye_time{30};
constexpr std::chrono::seconds goodbye_silence{5};
constexpr std::chrono::seconds goodbye_at_stop{2};

// Says goodbye: "I send no more", then reads until the client closes as well, because a client that
// is still sending may not have looked at our reply yet. A plain close() with unread bytes makes
// the kernel send RST, and on RST the client may throw that reply away (RFC 9112 §9.6).
void close_gently(const Socket& client, std::chrono::seconds at_most = goodbye_time);

// For a client that wants no other reply. True if a plain close() will do, because none of its bytes
// is unread, and what it has not got yet is already on its way. If there is more, a byte that it
// sends after the close() would cost it the rest. It must not send one (§9.6), but clients do.
bool may_just_close(const Descriptor& client);
