// A client on plain sockets that sends exactly the bytes it is given, and keeps what comes back.
// It shares no code with the servers. Every read has a deadline, so nothing here can hang.
#pragma once

#include <poll.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reply.hpp"
#include "server_process.hpp"

enum class Ending {
    open,    // nothing more was read
    closed,  // the server closed it cleanly
    reset,   // the server broke it (TCP RST), so bytes under way may be lost
    silent,  // the deadline passed
};

// What went over one connection. All checks in expect.hpp take one.
struct Exchange {
    std::string sent;
    std::string received;
    Reply reply;  // the first reply in `received`
    Ending ending = Ending::open;
    double seconds = 0;  // from the connect to the end of the reading
    double ended = 0;    // when that was, by now()
    std::string crash;   // "signal 11 (...)" if the server died of this exchange
    // The last lines that the server printed during the exchange, if it died or did not reply.
    std::string printed;
    std::vector<std::size_t> cuts;  // where in `sent` the second and further pieces begin
    // What the server was sent meanwhile, and how many bytes it had been sent before.
    struct Signal {
        std::string name;
        std::size_t sent_before;
    };
    std::vector<Signal> signals;

    // The bytes after the first reply.
    std::string_view rest() const { return std::string_view(received).substr(reply.length); }
};

// How many seconds a reply may take: 5, or up to 15 on a machine that has much else to do, but only 1
// once this server has often kept us waiting in vain. Otherwise a server that never closes a
// connection would cost a student half an hour.
double reply_patience();

// How many bytes all clients of the running case have sent and received.
struct Traffic {
    std::size_t sent = 0;
    std::size_t received = 0;
};
const Traffic& traffic();
void reset_traffic();

class Client {
  public:
    // `receive_buffer` limits how many bytes the kernel accepts for us; 0 means the default.
    explicit Client(ServerProcess& server = shared_server(), int receive_buffer = 0);
    ~Client();
    Client(Client&& other) noexcept;
    Client& operator=(Client&&) = delete;

    // Sends at once what the kernel takes; the rest goes out while this client reads.
    void send(std::string_view bytes);
    void finish_sending();  // half-closes, so that the server sees the end of our bytes
    void reset();           // breaks the connection with RST

    // The next reply on this connection; `received` holds that reply alone.
    Exchange read_reply(std::string_view method = "GET", double seconds = reply_patience());
    // Everything up to the server's close. The method is that of the first request sent.
    Exchange read_to_end(double seconds = reply_patience());

    // Waits until `count` bytes have arrived in all; false at the deadline or when the connection
    // ends.
    bool receive_at_least(std::size_t count, double seconds = reply_patience());

    // True once the server has refused bytes of ours, because it has closed the connection for
    // good.
    bool refused() const { return refused_; }
    // True once the server has closed; does not wait.
    bool ended();
    Ending ending() const { return ending_; }

    // The bytes that have not been taken yet. For what isn't an HTTP reply, or is an endless one.
    std::string_view unread() const { return std::string_view(received_).substr(taken_); }
    void take(std::size_t count) { taken_ += count; }
    // Takes all that has come and doesn't keep it, of a file that is larger than our memory.
    void forget() {
        received_.clear();
        taken_ = 0;
    }
    // Waits for more bytes; false at the deadline (the connection stays open) or at the end.
    bool receive_more(double until);
    // Everything that went over this connection, for a report.
    Exchange so_far();

  private:
    friend class Crowd;  // many clients at once, for exchange_all()

    bool wait(double until);  // waits for bytes or for room to send; false at the deadline
    pollfd interest() const;
    void handle(short events);
    void note_signals();
    void flush();
    void receive();
    void end(Ending ending);
    Exchange result(std::string_view method, std::size_t length);

    ServerProcess* server_;
    int socket_ = -1;
    double started_;
    std::size_t printed_before_;  // how many bytes the server had printed before we connected
    double ended_ = 0;
    std::string sent_;
    std::vector<std::size_t> cuts_;  // see Exchange
    std::vector<Exchange::Signal> signals_;
    std::size_t flushed_ = 0;  // how many bytes of sent_ the kernel has accepted
    bool finish_ = false;
    bool refused_ = false;
    std::string received_;
    std::size_t taken_ = 0;  // how many bytes of received_ have been handed out
    Ending ending_ = Ending::open;
};

// What one client of exchange_all() does: sends the pieces one after another, reads to the end.
struct Script {
    std::vector<std::string> pieces;
    bool half_close = false;

    Script(const char* bytes) : pieces{bytes} {}
    Script(std::string bytes) : pieces{std::move(bytes)} {}
    Script(std::vector<std::string> parts, bool finish = false)
        : pieces(std::move(parts)), half_close(finish) {}
};

// One connection: sends the bytes, reads until the server closes.
Exchange exchange(const Script& script, ServerProcess& server = shared_server());

// The same for many clients at once, so that a table of requests takes as long as one. There is a
// pause of 2 ms between two pieces, so that the server usually sees them apart.
std::vector<Exchange> exchange_all(const std::vector<Script>& scripts,
                                   ServerProcess& server = shared_server());

// A complete request with Host and `Connection: close`, then the given field lines.
std::string request(std::string_view method, std::string_view target,
                    const std::vector<std::string>& fields = {});
std::string get(std::string_view target, const std::vector<std::string>& fields = {});

// A GET without `Connection: close`, for cases about connections that stay open.
std::string get_and_stay(std::string_view target, const std::vector<std::string>& fields = {});

// Whether an address of this machine, other than the usual 127.0.0.1, accepts a connection.
bool accepts_connections(const char* address, int port);

// How many of so many connections are accepted before one isn't within `seconds`. The server is held
// meanwhile, or it might take some off its backlog before the last one comes.
std::size_t connections_at_once(ServerProcess& server, std::size_t wanted, double seconds);

// Whether new connections are refused. Waits up to 2 s for that to happen.
bool refuses_connections(ServerProcess& server);
