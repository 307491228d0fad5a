// How socket.hpp does it. A thread that has nothing to do waits inside recv() or send(), as long as
// the kernel's own timeouts allow. Only a thread that waits for the next client waits for two
// things at once, a client and the signal to stop, and needs poll() for that.
#include "socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "address.hpp"
#include "system.hpp"
#include "trace.hpp"

namespace {

// The signal handler writes one byte into this pipe, and it is never read. So the pipe's other end
// stays readable for good, and a thread that waits in poll(), now or later, can't miss it.
int stop_pipe[2] = {-1, -1};
std::atomic<bool> stop_asked{false};

// Seconds after which a program that was asked to stop is ended, whatever holds it up, such as a
// disk that does not answer. It should have ended by itself before.
constexpr unsigned last_moment = 6;

void on_stop_signal(int signal) {
    if (signal == SIGALRM) _exit(0);                     // it is the last moment
    if (stop_asked.exchange(true)) _exit(128 + signal);  // the second time: at once
    alarm(last_moment);
    const int saved_errno = errno;
    [[maybe_unused]] const auto written = write(stop_pipe[1], "x", 1);
    errno = saved_errno;
}

// Waits until the descriptor (-1: none) has something to read, for the given milliseconds at most
// (-1: for ever). Returns false if the program has been asked to stop. (After an error such as
// EINTR it returns true, so the caller looks again.)
bool wait_readable(int descriptor, int timeout) {
    pollfd watched[2] = {{descriptor, POLLIN, 0}, {stop_pipe[0], POLLIN, 0}};
    return poll(watched, 2, timeout) <= 0 || watched[1].revents == 0;
}

void set_timeout(const Socket& socket, int option, std::chrono::microseconds time) {
    const timeval value{static_cast<time_t>(time / std::chrono::seconds(1)),
                        static_cast<suseconds_t>(time.count() % 1'000'000)};
    setsockopt(socket.number(), SOL_SOCKET, option, &value, sizeof value);
}

}  // namespace

void handle_signals() {
    if (pipe(stop_pipe) != 0) throw std::runtime_error("Cannot make a pipe");
    for (const int stop : {SIGINT, SIGTERM, SIGALRM}) std::signal(stop, on_stop_signal);
    // These would end the program because of one client that has gone, or one file that has grown
    // too large. When they are ignored, send() and write() report an error instead.
    for (const int error : {SIGPIPE, SIGXFSZ}) std::signal(error, SIG_IGN);
}

bool stop_requested() {
    return stop_asked.load(std::memory_order_relaxed);
}

int stop_descriptor() {
    return stop_pipe[0];
}

Socket listen_on(const std::string& host, int port, const std::string& program) {
    const std::string port_text = std::to_string(port);
    const Address address = look_up(host, port_text);
    const std::string what = "Cannot listen on " + host + " port " + port_text + ": ";
    Socket listener(socket(address->ai_family, SOCK_STREAM, 0));
    if (!listener) throw std::runtime_error(what + std::strerror(errno));
    // None of these fails for a socket that is new.
    fcntl(listener.number(), F_SETFD, FD_CLOEXEC);  // not for programs that we might start
    fcntl(listener.number(), F_SETFL, O_NONBLOCK);
    const int yes = 1;
    // Without this the port of a server that has just ended stays taken for a minute (TIME_WAIT).
    setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // Clients' sockets inherit these. Nagle's algorithm would hold back the end of a reply until
    // the client has acknowledged its beginning. That may take 40 ms, and gains nothing for replies
    // that are sent whole.
    setsockopt(listener.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    set_timeout(listener, SO_RCVTIMEO, std::chrono::milliseconds(250));
    set_timeout(listener, SO_SNDTIMEO, send_stall);
    if (bind(listener.number(), address->ai_addr, address->ai_addrlen) == 0 &&
        listen(listener.number(), SOMAXCONN) == 0) {
        return listener;
    }
    if (errno == EADDRINUSE) {
        throw std::runtime_error("Port " + port_text + " is in use by another program. Stop that " +
                                 "program, or pick another port: " + program + " " +
                                 std::to_string(port < 65535 ? port + 1 : 9000));
    }
    throw std::runtime_error(what + std::strerror(errno));
}

Accepted try_accept(const Socket& listener, Socket& client, int flags) {
    for (;;) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        client = Socket(accept_socket(listener.number(), flags, generic, &size));
        if (client) {
            client.peer = written_out(generic, size);
            trace(client.number(), '*', "connected");
            return Accepted::client;
        }
        if (errno == EAGAIN) return Accepted::nothing;
        if (errno != EINTR && errno != ECONNABORTED) return Accepted::trouble;
    }
}

Socket accept_client(const Socket& listener) {
    for (;;) {
        Socket client;
        const Accepted accepted = try_accept(listener, client);
        if (accepted == Accepted::client) return client;
        const bool go_on = accepted == Accepted::nothing
                               ? wait_readable(listener.number(), -1)
                               : wait_readable(-1, static_cast<int>(accept_pause.count()));
        if (!go_on) return Socket();
    }
}

Received receive(const Socket& client, std::span<char> buffer, Clock::time_point deadline) {
    for (;;) {
        const bool late = Clock::now() >= deadline;  // then recv() takes what is there, and returns
        const int flags = late ? MSG_DONTWAIT : 0;
        const ssize_t count = recv(client.number(), buffer.data(), buffer.size(), flags);
        if (count > 0) {
            const auto received = static_cast<std::size_t>(count);
            trace(client.number(), '<', {buffer.data(), received});
            return {Received::bytes, received};
        }
        // The kernel gives up after a quarter of a second, so that we can look at the clock and at
        // the signal.
        const bool gave_up = count < 0 && (errno == EAGAIN || errno == EINTR);
        if (!gave_up) return {Received::end};
        if (late) return {Received::timed_out};
        if (stop_requested()) return {Received::stopping};
    }
}

bool send_all(const Socket& client, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = send(client.number(), bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        const auto sent = static_cast<std::size_t>(count);
        trace(client.number(), '>', bytes.substr(0, sent));
        bytes.remove_prefix(sent);
    }
    return true;
}

void close_gently(const Socket& client, std::chrono::seconds at_most) {
    shutdown(client.number(), SHUT_WR);
    auto end = Clock::now() + at_most;
    std::array<char, 4096> buffer;
    while (Clock::now() < end) {
        const auto deadline = std::min(end, Clock::now() + goodbye_silence);
        const auto what = receive(client, buffer, deadline).what;
        if (what == Received::end || what == Received::timed_out) return;
        if (stop_requested()) end = std::min(end, Clock::now() + goodbye_at_stop);
    }
}

bool may_just_close(const Descriptor& client) {
    constexpr std::uint64_t on_its_way = 14'600;  // what TCP sends at once (RFC 6928 §2)
    char byte;
    const bool unread = recv(client.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    return !unread && unsent_bytes(client) <= on_its_way;
}
