// The only code that the levels share: a TCP socket that closes itself, and the few things that
// every server does with one: listen, accept, receive, send, say goodbye, stop. Nothing here knows
// about HTTP. POSIX only: poll(), not epoll, so that it runs beyond Linux.
// Leaves out: TLS, UDP, and many sockets in one thread (level 4's event loop has that).
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

// Deadlines are points on a clock that never jumps, not durations: a client that trickles one byte
// at a time can stretch a duration again and again, but it can't move a point in time.
using Clock = std::chrono::steady_clock;

// Owns a file descriptor of the kernel and closes it when it goes out of scope. It can be moved but
// not copied: two owners would close it twice, and the second time it might be somebody else's.
class Socket {
  public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    ~Socket() { close(); }

    explicit operator bool() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }
    void close();

  private:
    int descriptor_ = -1;
};

// From here on Ctrl-C (SIGINT) and SIGTERM ask the program to stop instead of killing it; a second
// one ends it at once. Also makes a vanished client an error of send() instead of a deadly signal.
void handle_signals();
bool stop_requested();
void wait_for_stop();
int stop_descriptor();  // readable from the moment on that the program is asked to stop

// A socket that clients can connect to; `host` is an address or a name of this machine. Throws
// std::runtime_error with a message for the user; `program` is how the program was started, for the
// advice when the port is taken.
Socket listen_on(const std::string& host, int port, const std::string& program);

// The next client, or an empty Socket once the program is asked to stop and nobody is left waiting
// in the backlog. A client that hangs up too early, or a machine that has run out of descriptors,
// is waited out here: it never ends the server.
Socket accept_client(const Socket& listener);

// The address of the other end, such as 127.0.0.1; "-" if it has hung up already.
std::string peer_address(const Socket& client);

// What receive() has to tell. Of `bytes` there are `size` many; `end` says that the client sends no
// more or that the connection is broken, `stopping` that the program was asked to stop meanwhile.
struct Received {
    enum What { bytes, end, timed_out, stopping } what;
    std::size_t size = 0;
};

// Waits for bytes until the deadline, and copies what has arrived into the buffer. With a deadline
// in the past it takes what is there and does not wait. It notices a stop, and the deadline, within
// a quarter of a second.
Received receive(const Socket& client, char* buffer, std::size_t size, Clock::time_point deadline);

// Sends everything, in as many pieces as the kernel wants. False if the client is gone, or has
// taken nothing at all for `send_stall`.
bool send_all(const Socket& client, std::string_view bytes);
constexpr std::chrono::seconds send_stall{10};

// Says goodbye: "I send no more", then reads for a moment (2 s at most) until the client closes
// too. Important: a plain close() with unread bytes makes the kernel send RST, and on RST the
// client may throw away the reply that it has not read yet (RFC 9112 §9.6).
void close_gently(const Socket& client);

// With TRACE=1 in the environment every byte received and sent is shown on standard error.
bool tracing();
void trace(char direction, std::string_view bytes);  // a line of theirs per line of ours

// The bytes with everything that a terminal would not show, or would obey, spelled out: \r \n \x1b.
std::string visible(std::string_view bytes);
