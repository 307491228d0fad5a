// How socket.hpp does it. Every socket here is non-blocking: no call on it ever waits. Waiting is
// done in one place, wait_for(), which knows the deadline and the signal to stop.
#include "socket.hpp"

#include <fcntl.h>
#include <netdb.h>
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
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace {

// The signal handler writes one byte into this pipe and nobody ever reads it. So its other end
// stays readable for good, and whoever waits with poll(), now or later, sees it: no thread can miss
// it.
int stop_pipe[2] = {-1, -1};
std::atomic<bool> stop_asked{false};

void on_stop_signal(int signal) {
    if (stop_asked.exchange(true)) _exit(128 + signal);  // the second time: at once
    const int saved_errno = errno;
    [[maybe_unused]] const auto written = write(stop_pipe[1], "x", 1);
    errno = saved_errno;
}

// Close-on-exec, too: a program that we might start must not inherit our clients.
void set_flags(int descriptor) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
}

// One line of theirs per line of ours, and all of it in one fputs(): so threads don't mix lines.
void trace(char direction, std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        const auto line = bytes.substr(0, std::min(bytes.find('\n'), bytes.size() - 1) + 1);
        text += std::string{direction, ' '} + visible(line) + '\n';
        bytes.remove_prefix(line.size());
    }
    std::fputs(text.c_str(), stderr);
}

}  // namespace

void Socket::close() {
    if (descriptor_ < 0) return;
    if (tracing()) trace('*', "closed descriptor " + std::to_string(descriptor_));
    ::close(std::exchange(descriptor_, -1));
}

void handle_signals() {
    if (pipe(stop_pipe) != 0) throw std::runtime_error("Cannot make a pipe");
    for (const int end : stop_pipe) set_flags(end);
    for (const int stop : {SIGINT, SIGTERM}) std::signal(stop, on_stop_signal);
    std::signal(SIGPIPE, SIG_IGN);
}

Socket listen_on(const std::string& host, int port, const std::string& program) {
    const std::string port_text = std::to_string(port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(host.c_str(), port_text.c_str(), &hints, &found);
        error != 0) {
        throw std::runtime_error("Cannot listen on " + host + ": " + gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> address(found, freeaddrinfo);

    Socket listener(socket(address->ai_family, SOCK_STREAM, 0));
    set_flags(listener.descriptor());
    // Without this the port of a server that has just ended stays taken for a minute (TIME_WAIT).
    const int yes = 1;
    setsockopt(listener.descriptor(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener.descriptor(), address->ai_addr, address->ai_addrlen) == 0 &&
        listen(listener.descriptor(), SOMAXCONN) == 0) {
        return listener;
    }
    if (errno == EADDRINUSE) {
        throw std::runtime_error("Port " + port_text + " is in use by another program. Stop that " +
                                 "program, or pick another port: " + program + " " +
                                 std::to_string(port < 65535 ? port + 1 : 9000));
    }
    throw std::runtime_error("Cannot listen on " + host + " port " + port_text + ": " +
                             std::strerror(errno));
}

Socket accept_client(const Socket& listener) {
    for (;;) {
        Socket client(accept(listener.descriptor(), nullptr, nullptr));
        if (client) {
            set_flags(client.descriptor());
            // Nagle's algorithm would hold back the end of a reply until the client has
            // acknowledged its beginning: up to 40 ms for nothing, as we send replies whole.
            const int yes = 1;
            setsockopt(client.descriptor(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            if (tracing()) trace('*', "accepted descriptor " + std::to_string(client.descriptor()));
            return client;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        // Nobody is there: wait for the next. Any other error is most likely EMFILE: no descriptor
        // is left. Then the listener stays readable, so waiting for it would spin; but a tenth of a
        // second later some client may have left.
        const bool nobody = errno == EAGAIN || errno == EWOULDBLOCK;
        const auto later = Clock::now() + std::chrono::milliseconds(100);
        const auto end =
            nobody ? wait_for(listener, Until::readable, Clock::time_point::max(), Stop::heed)
                   : wait_for(Socket(), Until::readable, later, Stop::heed);
        if (end == Wait::stopping) return Socket();
    }
}

std::string peer_address(const Socket& client) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    char host[NI_MAXHOST] = "-";
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (getpeername(client.descriptor(), generic, &size) == 0) {
        getnameinfo(generic, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    }
    return host;
}

Wait wait_for(const Socket& socket, Until what, Clock::time_point deadline, Stop stop) {
    const short events = what == Until::readable ? POLLIN : POLLOUT;
    // poll() passes over negative descriptors.
    pollfd watched[2] = {{socket.descriptor(), events, 0},
                         {stop == Stop::heed ? stop_pipe[0] : -1, POLLIN, 0}};
    for (;;) {
        // An hour at most: poll() counts milliseconds in an int, which ends after 24 days.
        const auto left = std::min<Clock::duration>(deadline - Clock::now(), std::chrono::hours(1));
        const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        const int count = poll(watched, 2, static_cast<int>(std::max<long long>(timeout, 0)));
        if (count > 0) return watched[1].revents != 0 ? Wait::stopping : Wait::ready;
        if (Clock::now() >= deadline) return Wait::timed_out;
    }
}

std::size_t receive(const Socket& client, char* buffer, std::size_t size) {
    for (;;) {
        const ssize_t count = recv(client.descriptor(), buffer, size, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return 0;
        if (tracing()) trace('<', {buffer, static_cast<std::size_t>(count)});
        return static_cast<std::size_t>(count);
    }
}

bool send_all(const Socket& client, std::string_view bytes, std::chrono::seconds stall) {
    while (!bytes.empty()) {
        const ssize_t count = send(client.descriptor(), bytes.data(), bytes.size(), 0);
        if (count >= 0) {
            const auto sent = static_cast<std::size_t>(count);
            if (tracing()) trace('>', bytes.substr(0, sent));
            bytes.remove_prefix(sent);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            const auto deadline = Clock::now() + stall;
            if (wait_for(client, Until::writable, deadline, Stop::ignore) != Wait::ready)
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void close_gently(const Socket& client) {
    shutdown(client.descriptor(), SHUT_WR);
    const auto deadline = Clock::now() + std::chrono::seconds(2);
    std::array<char, 16384> buffer;
    while (wait_for(client, Until::readable, deadline, Stop::ignore) == Wait::ready &&
           receive(client, buffer.data(), buffer.size()) > 0) {
    }
}

bool tracing() {
    static const char* const value = std::getenv("TRACE");
    return value != nullptr && std::string_view(value) == "1";
}

std::string visible(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        char hex[5] = "";
        std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(byte));
        if (byte >= ' ' && byte <= '~')
            text += byte;
        else
            text += byte == '\r' ? "\\r" : byte == '\n' ? "\\n" : hex;
    }
    return text;
}
