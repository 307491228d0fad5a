// The client of client.hpp: non-blocking sockets and poll(), so that it can send and receive at
// the same time. A client that only sends would deadlock with a server that only sends.
#include "client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "slowness.hpp"
#include "text.hpp"

namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr int often_silent = 8;
int times_silent = 0;
Traffic traffic_of_case;

constexpr double pause_between_pieces = 0.002;
constexpr std::size_t clients_at_once = 50;  // few enough for a backlog of 128

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

int open_socket(int receive_buffer) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0) fail("no socket for the client");
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    int yes = 1;
    // Each piece leaves at once instead of waiting for the acknowledgement of the one before.
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (receive_buffer > 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    return descriptor;
}

// Returns the errno of the attempt, 0 if it worked.
int connect_to(int descriptor, const char* host, int port, double seconds) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<in_port_t>(port));
    inet_pton(AF_INET, host, &address.sin_addr);
    if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd writable{descriptor, POLLOUT, 0};
    if (poll(&writable, 1, static_cast<int>(seconds * 1000)) == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

std::string method_of(std::string_view sent) {
    return std::string(sent.substr(0, std::min(sent.find(' '), sent.size())));
}

// What follows a reply can only be another one. Anything else is a body that is longer than its
// length says, which the client would take for the next reply.
void forbid_more_than_body(Reply& reply, std::string_view method, std::string_view following) {
    constexpr std::string_view start = "HTTP/1.";
    if (!reply.complete() || reply.status == 101 || !reply.problem.empty()) return;
    if (following.substr(0, start.size()) == start.substr(0, following.size())) return;
    reply.problem = method == "HEAD"
                        ? "it has a body of " + std::to_string(following.size()) +
                              " bytes, and a reply to HEAD has none (RFC 9110 §9.3.2)"
                        : "after its body " + std::to_string(following.size()) +
                              " more bytes follow, which aren't another reply (RFC 9112 §6.3); "
                              "Content-Length counts bytes, not characters";
    reply.problem_offset = reply.length;
}

}  // namespace

const Traffic& traffic() {
    return traffic_of_case;
}

void reset_traffic() {
    traffic_of_case = {};
}

double reply_patience() {
    if (times_silent >= often_silent) return 1.0;
    return patience * slowness();
}

Client::Client(ServerProcess& server, int receive_buffer)
    : server_(&server),
      socket_(open_socket(receive_buffer)),
      started_(now()),
      printed_before_(server.process().output_size()) {
    int error = connect_to(socket_, loopback, server.port(), patience);
    if (error == 0) return;
    close(socket_);
    const std::string death = server.death();
    const std::string advice = advice_on(death);
    if (!death.empty()) {
        throw std::runtime_error("The server ended with " + death +
                                 ", so it accepts no connection. What the client before did must "
                                 "not end it: it may leave at any time, or break the connection "
                                 "(RST), and then recv() and send() fail" +
                                 (advice.empty() ? "" : "\nHint: " + advice));
    }
    errno = error;
    fail("The server did not accept a connection");
}

Client::~Client() {
    if (socket_ >= 0) close(socket_);
}

Client::Client(Client&& other) noexcept
    : server_(other.server_),
      socket_(std::exchange(other.socket_, -1)),
      started_(other.started_),
      printed_before_(other.printed_before_),
      ended_(other.ended_),
      sent_(std::move(other.sent_)),
      cuts_(std::move(other.cuts_)),
      signals_(std::move(other.signals_)),
      flushed_(other.flushed_),
      finish_(other.finish_),
      refused_(other.refused_),
      received_(std::move(other.received_)),
      taken_(other.taken_),
      ending_(other.ending_) {}

// Those that the server has got since the last time.
void Client::note_signals() {
    for (std::size_t i = signals_.size(); i < server_->signals().size(); ++i)
        signals_.push_back({server_->signals()[i], sent_.size()});
}

void Client::send(std::string_view bytes) {
    note_signals();
    if (!sent_.empty()) cuts_.push_back(sent_.size());
    sent_ += bytes;
    flush();
}

void Client::finish_sending() {
    finish_ = true;
    flush();
}

void Client::reset() {
    linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    end(Ending::reset);
}

void Client::flush() {
    if (ending_ != Ending::open) return;
    while (flushed_ < sent_.size()) {
        ssize_t count = ::send(socket_, sent_.data() + flushed_, sent_.size() - flushed_, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (count < 0) {
            // The server accepts no more, but what it has sent can still be read.
            refused_ = true;
            flushed_ = sent_.size();
            return;
        }
        flushed_ += static_cast<std::size_t>(count);
        traffic_of_case.sent += static_cast<std::size_t>(count);
    }
    if (std::exchange(finish_, false)) shutdown(socket_, SHUT_WR);
}

pollfd Client::interest() const {
    bool sending = flushed_ < sent_.size();
    return {socket_, static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0};
}

void Client::handle(short events) {
    if (events & POLLOUT) flush();
    if (events & (POLLIN | POLLHUP | POLLERR)) receive();
}

void Client::end(Ending ending) {
    if (ending == Ending::silent) ++times_silent;
    ending_ = ending;
    ended_ = now();
    // Any client closes its side, and the server may be waiting for that before it closes its own.
    close(std::exchange(socket_, -1));
}

void Client::receive() {
    char bytes[65536];
    ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
    if (count > 0) {
        received_.append(bytes, static_cast<std::size_t>(count));
        traffic_of_case.received += static_cast<std::size_t>(count);
    } else if (count == 0) {
        end(Ending::closed);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        end(Ending::reset);
    }
}

bool Client::wait(double until) {
    double left = until - now();
    if (left <= 0) return false;
    pollfd ready = interest();
    if (poll(&ready, 1, static_cast<int>(left * 1000) + 1) == 0) return false;
    handle(ready.revents);
    return true;
}

Exchange Client::result(std::string_view method, std::size_t length) {
    note_signals();
    Exchange result;
    result.sent = sent_;
    result.cuts = cuts_;
    result.signals = signals_;
    result.received = received_.substr(taken_, length);
    bool over = ending_ == Ending::closed || ending_ == Ending::reset;
    result.reply = parse_reply(result.received, method, over);
    forbid_more_than_body(result.reply, method,
                          std::string_view(received_).substr(taken_ + result.reply.length));
    result.ending = ending_;
    result.ended = ending_ == Ending::open ? now() : ended_;
    result.seconds = result.ended - started_;
    if (over && !result.reply.complete()) result.crash = server_->death();
    if (result.received.empty() || !result.crash.empty())
        result.printed = last_lines(server_->process().output().substr(printed_before_), 12);
    return result;
}

Exchange Client::read_reply(std::string_view method, double seconds) {
    const double until = now() + seconds;
    std::size_t needed = 1;
    while (true) {
        std::string_view unread = std::string_view(received_).substr(taken_);
        bool over = ending_ != Ending::open;
        if (unread.size() >= needed || over) {
            Reply reply = parse_reply(unread, method, over);
            needed = std::max(reply.needed, unread.size() + 1);
            if (reply.complete() || !reply.problem.empty() || over) {
                std::size_t length = reply.complete() ? reply.length : unread.size();
                Exchange reply_alone = result(method, length);
                taken_ += length;
                return reply_alone;
            }
        }
        if (!wait(until)) end(Ending::silent);
    }
}

Exchange Client::read_to_end(double seconds) {
    const double until = now() + seconds;
    while (ending_ == Ending::open)
        if (!wait(until)) end(Ending::silent);
    return result(method_of(sent_), std::string::npos);
}

bool Client::receive_at_least(std::size_t count, double seconds) {
    const double until = now() + seconds;
    while (received_.size() < count && ending_ == Ending::open)
        if (!wait(until)) return false;
    return received_.size() >= count;
}

bool Client::ended() {
    if (ending_ == Ending::open) receive();
    return ending_ != Ending::open;
}

bool Client::receive_more(double until) {
    const std::size_t known = received_.size();
    while (received_.size() == known && ending_ == Ending::open) {
        if (wait(until)) continue;
        ++times_silent;
        return false;
    }
    return received_.size() > known;
}

Exchange Client::so_far() {
    const std::size_t taken = std::exchange(taken_, 0);
    Exchange everything = result(method_of(sent_), std::string::npos);
    taken_ = taken;
    // After a reply that switches to another protocol the server may still have died.
    if (ending_ != Ending::open) everything.crash = server_->death();
    return everything;
}

// The clients of one batch of exchange_all(). Each goes through its script; one poll() waits for
// all of them.
class Crowd {
  public:
    explicit Crowd(ServerProcess& server) : server_(server) {}

    // The first piece goes out at once. Otherwise a server that serves one client at a time, with a
    // short backlog, would wait for the first client while the others can't even connect.
    void add(const Script& script) {
        members_.push_back({Client(server_), &script});
        send_next_piece(members_.back());
    }

    void run() {
        while (now() < until_) {
            for (Member& member : members_)
                if (has_more(member) && now() >= member.not_before) send_next_piece(member);
            if (!wait()) return;
        }
    }

    void collect(std::vector<Exchange>& results) {
        for (Member& member : members_) {
            Client& client = member.client;
            if (client.ending_ == Ending::open) client.end(Ending::silent);
            results.push_back(client.result(method_of(client.sent_), std::string::npos));
        }
    }

  private:
    struct Member {
        Client client;
        const Script* script;
        std::size_t next_piece = 0;
        double not_before = 0;
    };

    static bool has_more(const Member& member) {
        return member.client.ending_ == Ending::open &&
               member.next_piece < member.script->pieces.size();
    }

    void send_next_piece(Member& member) {
        member.client.send(member.script->pieces[member.next_piece++]);
        if (!has_more(member) && member.script->half_close) member.client.finish_sending();
        member.not_before = now() + pause_between_pieces;
        sent_last_ = now();
        until_ = sent_last_ + reply_patience();
    }

    // Waits until something arrives or a piece is due. False when all connections have ended.
    bool wait() {
        std::vector<pollfd> ready;
        std::vector<Client*> clients;
        bool more = false;
        for (Member& member : members_) {
            if (member.client.ending_ != Ending::open) continue;
            clients.push_back(&member.client);
            ready.push_back(member.client.interest());
            more = more || has_more(member);
        }
        if (clients.empty()) return false;
        int timeout = more ? 1 : static_cast<int>(std::max(until_ - now(), 0.0) * 1000) + 1;
        const std::size_t received = traffic_of_case.received;
        poll(ready.data(), static_cast<nfds_t>(ready.size()), timeout);
        for (std::size_t i = 0; i < ready.size(); ++i) clients[i]->handle(ready[i].revents);
        // While replies come, the others may still be on their way; an endless one isn't waited for.
        if (traffic_of_case.received > received)
            until_ = std::min(now() + reply_patience(), sent_last_ + 4 * reply_patience());
        return true;
    }

    ServerProcess& server_;
    std::vector<Member> members_;
    double sent_last_ = 0;
    double until_ = 0;
};

Exchange exchange(const Script& script, ServerProcess& server) {
    return exchange_all({script}, server).front();
}

std::vector<Exchange> exchange_all(const std::vector<Script>& scripts, ServerProcess& server) {
    std::vector<Exchange> results;
    for (std::size_t first = 0; first < scripts.size(); first += clients_at_once) {
        Crowd crowd(server);
        for (std::size_t i = first; i < std::min(first + clients_at_once, scripts.size()); ++i)
            crowd.add(scripts[i]);
        crowd.run();
        crowd.collect(results);
    }
    return results;
}

std::string request(std::string_view method, std::string_view target,
                    const std::vector<std::string>& fields) {
    std::vector<std::string> all = {"Connection: close"};
    all.insert(all.end(), fields.begin(), fields.end());
    std::string bytes = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    bytes += "Host: localhost\r\n";
    for (const std::string& field : all) bytes += field + "\r\n";
    return bytes + "\r\n";
}

std::string get(std::string_view target, const std::vector<std::string>& fields) {
    return request("GET", target, fields);
}

std::string get_and_stay(std::string_view target, const std::vector<std::string>& fields) {
    std::string bytes = "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const std::string& field : fields) bytes += field + "\r\n";
    return bytes + "\r\n";
}

bool accepts_connections(const char* address, int port) {
    const int probe = open_socket(0);
    const int error = connect_to(probe, address, port, 0.5);
    close(probe);
    return error == 0;
}

std::size_t connections_at_once(ServerProcess& server, std::size_t wanted, double seconds) {
    std::vector<int> sockets;
    std::size_t accepted = 0;
    server.hold();
    for (std::size_t i = 0; i < wanted; ++i) {
        sockets.push_back(open_socket(0));
        if (connect_to(sockets.back(), loopback, server.port(), seconds) != 0) break;
        ++accepted;
    }
    server.let_go();
    for (const int descriptor : sockets) close(descriptor);
    return accepted;
}

bool refuses_connections(ServerProcess& server) {
    for (const double until = now() + 2.0; now() < until;) {
        int probe = open_socket(0);
        int error = connect_to(probe, loopback, server.port(), 0.5);
        close(probe);
        if (error == ECONNREFUSED) return true;
        let_pass(0.005);
    }
    return false;
}
