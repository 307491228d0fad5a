// What every client's socket inherits from the one that listens. A client would only notice that a
// reply comes 40 ms late, or that one that isn't read keeps a thread for ever. Also what is said
// if a server can't listen, and the last moment of a stop.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "../common/socket.hpp"
#include "no_descriptors.hpp"

namespace {

template <typename Value>
Value option_of(const Socket& socket, int level, int option) {
    Value value{};
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(socket.number(), level, option, &value, &size) == 0);
    return value;
}

// A listener on a port that the kernel chooses, and a client with IPv4 that it has accepted.
struct Accepting {
    explicit Accepting(const char* host = "127.0.0.1") : listener(listen_on(host, 0, "test")) {
        sockaddr_in6 address{};  // its port is where that of a sockaddr_in is
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(getsockname(listener.number(), generic, &size) == 0);
        sockaddr_in loopback{};
        loopback.sin_family = AF_INET;
        loopback.sin_port = address.sin6_port;
        loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const target = reinterpret_cast<sockaddr*>(&loopback);
        REQUIRE(connect(client.number(), target, sizeof loopback) == 0);
        REQUIRE(try_accept(listener, accepted) == Accepted::client);
    }

    Socket listener;
    Socket client{socket(AF_INET, SOCK_STREAM, 0)};
    Socket accepted;
};

bool has_ipv6() {
    const Socket socket(::socket(AF_INET6, SOCK_STREAM, 0));
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    return bind(socket.number(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0;
}

}  // namespace

TEST_CASE("a server that gets no descriptor to listen with says so") {
    std::string problem;
    try {
        const NoDescriptors none;
        listen_on("127.0.0.1", 0, "test");
    } catch (const std::runtime_error& error) {
        problem = error.what();
    }
    CHECK(problem == "Cannot listen on 127.0.0.1 port 0: Too many open files");
}

TEST_CASE("if the last port is taken, the port that is proposed exists") {
    std::string problem;
    try {
        const Socket taken = listen_on("127.0.0.1", 65535, "./server");
        listen_on("127.0.0.1", 65535, "./server");
    } catch (const std::runtime_error& error) {
        problem = error.what();
    }
    CHECK(problem ==
          "Port 65535 is in use by another program. Stop that program, or pick another port: "
          "./server 9000");
}

TEST_CASE("a program that hangs is ended a few seconds after it was asked to stop") {
    const pid_t program = fork();
    if (program == 0) {
        handle_signals();
        raise(SIGTERM);
        const unsigned seconds_left = alarm(0);
        if (seconds_left < 1 || seconds_left > 6) _exit(1);
        raise(SIGALRM);  // as if they had passed
        _exit(2);
    }
    int status = -1;
    REQUIRE(waitpid(program, &status, 0) == program);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a client's socket sends the end of a reply at once") {
    const Accepting connection;
    CHECK(option_of<int>(connection.accepted, IPPROTO_TCP, TCP_NODELAY) != 0);
}

TEST_CASE("a client's socket waits for a client that doesn't read, but not for ever") {
    const Accepting connection;
    CHECK(option_of<timeval>(connection.accepted, SOL_SOCKET, SO_SNDTIMEO).tv_sec ==
          send_stall.count());
    CHECK(send_stall == std::chrono::seconds(10));
}

TEST_CASE("a goodbye and a stop have their limits") {
    CHECK(goodbye_time == std::chrono::seconds(30));
    CHECK(goodbye_silence == std::chrono::seconds(5));
    CHECK(drain_time == std::chrono::seconds(5));
}

TEST_CASE("a client with IPv4 is known by that address, also where IPv6 is listened to" *
          doctest::skip(!has_ipv6())) {
    const Accepting connection("::");
    CHECK(connection.accepted.peer == "127.0.0.1");
}

TEST_CASE("a plain close will do while nothing of the client is unread, and little unsent") {
    const Accepting connection;
    CHECK(may_just_close(connection.accepted));
    REQUIRE(send(connection.accepted.number(), "reply", 5, 0) == 5);
    CHECK(may_just_close(connection.accepted));
    REQUIRE(send(connection.client.number(), "\r\n", 2, 0) == 2);
    CHECK_FALSE(may_just_close(connection.accepted));
    char bytes[2];
    REQUIRE(recv(connection.accepted.number(), bytes, 2, MSG_WAITALL) == 2);
    CHECK(may_just_close(connection.accepted));
    shutdown(connection.client.number(), SHUT_WR);
    CHECK(may_just_close(connection.accepted));
    // The client doesn't read, so not all of this gets to it.
    const std::string large(1 << 24, 'x');
    send(connection.accepted.number(), large.data(), large.size(), MSG_DONTWAIT);
    CHECK_FALSE(may_just_close(connection.accepted));
}
