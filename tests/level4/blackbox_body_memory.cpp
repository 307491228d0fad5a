// Thousands of clients that each send a body, or a message of a WebSocket, but for its last byte.
// What all of them take together must be bounded, and a client that asks for something else must
// not notice them.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "affordable_clients.hpp"
#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "text.hpp"
#include "websocket.hpp"

namespace {

constexpr std::size_t body_size = 1 << 20;  // the default of --max-body

// A client that keeps no copy of what it sends, because there are too many of them for that.
class Sender {
  public:
    explicit Sender(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    Sender(Sender&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), sent_(other.sent_) {}
    Sender& operator=(Sender&&) = delete;
    ~Sender() {
        if (socket_ >= 0) close(socket_);
    }

    // As much of the request as the kernel takes at once. Returns how much that was.
    std::size_t send_some(std::string_view request) {
        const ssize_t count =
            send(socket_, request.data() + sent_, request.size() - sent_, MSG_DONTWAIT);
        sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }

    std::string receive_some() {
        std::string bytes(4096, '\0');
        const ssize_t count = recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }

  private:
    int socket_;
    std::size_t sent_ = 0;
};

// All send in turns, until the server has taken nothing for a while.
void send_in_turns(std::vector<Sender>& senders, std::string_view request) {
    const double end = now() + 4;  // after 5 s the first are refused, and make room for others
    double last_progress = now();
    while (now() < end && now() < last_progress + 1) {
        std::size_t sent = 0;
        for (Sender& sender : senders) sent += sender.send_some(request);
        if (sent > 0) last_progress = now();
        let_pass(0.01);
    }
}

// The quickest of ten, because the machine may be busy with other things.
double seconds_for_hello(ServerProcess& server) {
    double best = patience;
    for (int i = 0; i < 10; ++i) {
        const Exchange reply = exchange(get("/hello"), server);
        expect_status(reply, 200, {"a request without a body needs none of that memory"});
        best = std::min(best, reply.seconds);
    }
    return best;
}

// A server with a thread or a process for each client need not serve more than 1,000 at once. Whether
// it is one shows once clients have begun to send.
bool has_a_thread_each(ServerProcess& server, std::size_t clients) {
    expect_status(exchange(get("/hello"), server), 200, {"the last of many clients"});
    const auto usage = server.process().usage();
    return !usage || static_cast<std::size_t>(usage->threads) > clients / 2;
}

void expect_bounded_memory(const std::string& head, const std::string& body) {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    expect_status(exchange(get("/hello"), server), 200, {"the server is up"});
    const auto idle = server.process().usage();
    std::vector<Sender> senders;
    for (std::size_t i = affordable_clients(900); i > 0; --i) {
        senders.emplace_back(server.port());
        senders.back().send_some(head);
    }
    if (!has_a_thread_each(server, senders.size())) {
        for (std::size_t i = affordable_clients(2000); i > senders.size();)
            senders.emplace_back(server.port());
    }
    send_in_turns(senders, head + body);

    const double seconds = seconds_for_hello(server);
    expect_that(seconds < 0.1, "GET /hello in less than 0.1 s", std::to_string(seconds) + " s",
                {"bodies that wait for memory must cost no time"});
    const auto usage = server.process().usage();
    if (!idle || !usage) return remark("without a look at the memory, because there is no /proc");
    const long long megabytes = (usage->memory_bytes - idle->memory_bytes) >> 20;
    expect_that(megabytes < 150,
                "less than 150 MB more for " + std::to_string(senders.size()) +
                    " clients with a part of a body or a message each",
                std::to_string(megabytes) + " MB",
                {"a limit for each isn't enough: all of them together may have 64 MiB",
                 "count what has arrived of all of them; don't read on while it is too much"});
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 1 bodies");

TEST_CASE("thousands of clients that each hold back a body's last byte don't fill the memory") {
    expect_bounded_memory("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                              std::to_string(body_size) + "\r\n\r\n",
                          std::string(body_size - 1, 'x'));
}

TEST_CASE("thousands of clients that never send their last chunk don't fill the memory") {
    std::string chunks;
    while (chunks.size() < body_size) chunks += "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
    expect_bounded_memory(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", chunks);
}

TEST_CASE("a body that finds no memory for five seconds is refused with 503") {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    const std::string request =
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body_size) +
        "\r\n\r\n" + std::string(body_size - 1, 'x');
    std::vector<Sender> senders;
    for (int i = 0; i < 100; ++i) senders.emplace_back(server.port());
    std::string refusal;
    for (const double end = now() + 15; refusal.empty() && now() < end; let_pass(0.01)) {
        for (Sender& sender : senders) {
            sender.send_some(request);
            if (refusal.empty()) refusal = sender.receive_some();
        }
    }
    const Reason reason = {"RFC 9110 §15.6.4: the shortage passes, so the client may try again",
                           "don't read such a body for 5 s, because others may go; then 503"};
    expect_that(refusal.starts_with("HTTP/1.1 503 "), "503 for a body", refusal, reason);
    expect_that(contains(refusal, "\r\nRetry-After: "), "a field Retry-After", refusal, reason);
    senders.clear();
    expect_status(exchange(with_body("POST", "/echo", "text/plain", "hello"), server), 200,
                  {"those that went gave their memory back"});
}

TEST_CASE("clients that have had a large reply and are idle now keep none of its memory") {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    if (!server.process().usage() && skip("there is no /proc to look at the memory")) return;
    constexpr std::size_t reply_size = 100 * 1024;
    const std::string request =
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(reply_size) +
        "\r\n\r\n" + std::string(reply_size, 'x');
    std::vector<Client> clients;
    const std::size_t half = affordable_clients(900) / 2;
    const auto memory_with_half_more = [&] {
        for (std::size_t i = 0; i < half; ++i) {
            clients.emplace_back(server).send(request);
            expect_status(clients.back().read_reply("POST"), 200, {"one after the other"});
            clients.back().forget();
        }
        return server.process().usage().value_or(Usage{}).memory_bytes;
    };
    // The first half shows what allocators and garbage collectors take for whatever comes.
    const long long before = memory_with_half_more();
    const long long kilobytes = (memory_with_half_more() - before) / 1024;
    const long long most = static_cast<long long>(half * reply_size / 1024 / 2);
    expect_that(kilobytes < most,
                "less than " + std::to_string(most) + " KiB more for another " +
                    std::to_string(half) + " idle clients",
                std::to_string(kilobytes) + " KiB",
                {"most clients are idle most of the time, so what was sent must be freed",
                 "a std::string to which an empty one is assigned may keep its memory"});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level4 / 6 WebSocket");

TEST_CASE("thousands of clients that each hold back a message's last byte don't fill the memory") {
    const std::string message = frame(op_text, std::string(128 << 10, 'x'));
    expect_bounded_memory(handshake("/ws/echo"), message.substr(0, message.size() - 1));
}

TEST_SUITE_END();
