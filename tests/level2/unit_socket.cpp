// What every client's socket inherits from the one that listens. A client would only notice that a
// reply comes 40 ms late, or that one that isn't read keeps a thread for ever.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "../common/socket.hpp"

namespace {

template <typename Value>
Value option_of(const Socket& socket, int level, int option) {
    Value value{};
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(socket.number(), level, option, &value, &size) == 0);
    return value;
}

// A listener on a port that the kernel chooses, and a client that it has accepted.
struct Accepting {
    Accepting() : listener(listen_on("127.0.0.1", 0, "test")) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(getsockname(listener.number(), generic, &size) == 0);
        REQUIRE(connect(client.number(), generic, size) == 0);
        REQUIRE(try_accept(listener, accepted) == Accepted::client);
    }

    Socket listener;
    Socket client{socket(AF_INET, SOCK_STREAM, 0)};
    Socket accepted;
};

}  // namespace

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
