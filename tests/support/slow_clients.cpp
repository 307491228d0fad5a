// Slow clients against the deadlines: 10 s for a whole request head, 5 s for an idle kept-alive
// connection. And clients that must not be sent away: one that asks often enough, and one that
// reads slowly. The checks allow some seconds for a busy machine.
#include "slow_clients.hpp"

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "settings.hpp"

namespace {

constexpr double longest_wait = 14.0;
constexpr double between_drops = 0.4;
constexpr double between_requests = 2.0;

// How long a client that doesn't close its side may be waited for, in seconds after its reply: 5 s
// for another request, where there may be one, and then for its end.
constexpr double goodbye_alone = 8.0;
constexpr double idle_and_goodbye = 13.0;

struct SlowClient {
    Client client;
    std::string drips = {};  // what it has yet to send, a byte at a time
    double ended_after = 0;  // seconds until its connection ended; 0 while it is connected
};

std::string in_seconds(double seconds) {
    if (seconds == 0) return "still connected after 14 s";
    std::ostringstream text;
    text.precision(1);
    text << std::fixed << "ended after " << seconds << " s";
    return text.str();
}

// A client that asks every two seconds, so it is never idle for five.
class RegularClient {
  public:
    void ask_when_due() {
        if (now() < next_ || client_.ending() != Ending::open) return;
        next_ = now() + between_requests;
        client_.send(get_and_stay("/about"));
        last_ = client_.read_reply();
        ++answered_;
    }

    void expect_all_answered() const {
        expect_status(last_, 200,
                      {"each request begins the five seconds anew (reply no. " +
                           std::to_string(answered_) + ", 2 s after the one before)",
                       "set the deadline when the connection begins to wait for a next request"});
    }

  private:
    Client client_;
    double next_ = 0;
    int answered_ = 0;
    Exchange last_;
};

// A client that reads a large file, a mebibyte each second. After 12 s most of what is left has not
// been sent yet, because the kernel keeps a few MiB at most.
class SteadyReader {
  public:
    SteadyReader() { client_.send(get(folder_.write_pattern("big.bin", size))); }

    void read_when_due() {
        const double due = (now() - start_) * pace;
        if (due < static_cast<double>(size))
            client_.receive_at_least(static_cast<std::size_t>(due), 0.005);
    }

    void expect_whole_file() {
        while (now() < start_ + 12.0 && client_.ending() == Ending::open) {
            read_when_due();
            let_pass(0.01);
        }
        const Exchange reply = client_.read_to_end();
        const Reason reason = {
            "a slow line isn't the end of a connection: a client that reads on gets all of it, "
            "however long that takes",
            "begin the time for sending anew whenever the client has taken something"};
        expect_status(reply, 200, reason);
        expect(reply.reply.body == pattern(0, size), reply, "the file, byte for byte",
               "other bytes", reason);
    }

  private:
    static constexpr double pace = 1 << 20;         // bytes a second
    static constexpr std::size_t size = 24u << 20;  // bytes

    PublicFolder folder_;
    Client client_;
    double start_ = now();
};

// The clients that must not be sent away while the others are.
struct GoodClients {
    RegularClient regular;
    std::optional<SteadyReader> reader;

    void go_on() {
        regular.ask_when_due();
        if (reader) reader->read_when_due();
    }
};

// Lets the clients drip until all have been sent away or the longest wait is over.
void run(std::vector<SlowClient*> clients, GoodClients* good) {
    const double start = now();
    double next_drop = start;
    while (!clients.empty() && now() < start + longest_wait) {
        if (good != nullptr) good->go_on();
        if (now() >= next_drop) {
            next_drop += between_drops;
            for (SlowClient* slow : clients) {
                slow->client.send(slow->drips.substr(0, 1));
                slow->drips.erase(0, 1);
            }
        }
        std::erase_if(clients, [&](SlowClient* slow) {
            if (slow->client.ended()) slow->ended_after = now() - start;
            return slow->ended_after > 0;
        });
        let_pass(0.01);
    }
}

void expect_time(const SlowClient& slow, const Exchange& exchange, double from, double to,
                 const std::string& expected, const Reason& reason) {
    bool in_time = slow.ended_after >= from && slow.ended_after <= to;
    expect(in_time, exchange, expected, in_seconds(slow.ended_after), reason);
}

// A client that has its reply and doesn't close its side. The server can't know whether it is still
// there, so it must not wait for it for ever.
class SilentGoodbye {
  public:
    SilentGoodbye() : client_(shared_server()) {
        client_.send(get_and_stay("/about"));  // or a plain close() would do (RFC 9112 §9.6)
        reply_ = client_.read_reply();
    }

    // A server that has closed the connection answers another byte with RST. (None is sent before,
    // because it would begin the server's wait anew.)
    void expect_it_is_over(double seconds_after_reply) {
        while (now() < reply_.ended + seconds_after_reply) let_pass(0.1);
        client_.send("x");
        const double until = now() + 1.0;
        while (!client_.refused() && now() < until) {
            let_pass(0.02);
            client_.send("x");
        }
        expect(client_.refused(), reply_, "the end of the connection within 14 s of the reply",
               "a connection that the server still has open",
               {"a client that never closes its side must not keep a connection for ever",
                "wait for its end after shutdown(SHUT_WR), but only for a few seconds"});
    }

  private:
    Client client_;
    Exchange reply_;
};

}  // namespace

void expect_slow_clients_are_sent_away(Connections connections) {
    const bool kept_alive = connections == Connections::kept_alive;
    GoodClients good;
    if (kept_alive && !settings().public_folder.empty()) good.reader.emplace();
    if (kept_alive && !good.reader) remark("without PUBLIC, no client that reads slowly");
    SlowClient silent{Client()};
    SlowClient half{Client()};
    half.client.send("GET /about HT");
    // The trickler never stops for long, and would need half a minute.
    SlowClient trickler{
        Client(), "GET /about HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + std::string(50, 'z')};
    std::vector<SlowClient*> all = {&silent, &half, &trickler};
    SlowClient idle{Client()};
    SlowClient idle_later{Client()};
    if (kept_alive) {
        for (SlowClient* slow : {&idle, &idle_later, &idle_later, &idle_later}) {
            slow->client.send(get_and_stay("/about"));
            expect_status(slow->client.read_reply(), 200, {"each of its requests is a good one"});
        }
        all.insert(all.end(), {&idle, &idle_later});
    }
    // One request, and half of another: behind it in one piece, or in pieces after the reply.
    SlowClient second_half{Client()};
    SlowClient second_trickler{Client(), "GET /about HTTP/1.1\r\nX-Slow: " + std::string(50, 'z')};
    if (kept_alive) {
        second_half.client.send(get_and_stay("/about") + "GET /about HT");
        second_trickler.client.send(get_and_stay("/about"));
        for (SlowClient* slow : {&second_half, &second_trickler}) {
            expect_status(slow->client.read_reply(), 200, {"its first request is a good one"});
            all.push_back(slow);
        }
    }
    SilentGoodbye goodbye;
    run(all, kept_alive ? &good : nullptr);
    if (kept_alive) good.regular.expect_all_answered();
    if (good.reader) good.reader->expect_whole_file();
    goodbye.expect_it_is_over(kept_alive ? idle_and_goodbye : goodbye_alone);

    const Reason slow_head = {
        "SHOULD RFC 9112 §9.5: a server has a timeout. A request head has 10 s in all, however slowly it trickles (slow loris)",
        "set one deadline for the whole head when the connection begins to wait for it; "
        "a time-out per recv() starts again with each byte"};
    std::vector<SlowClient*> slow_ones = {&half, &trickler};
    if (kept_alive) slow_ones.insert(slow_ones.end(), {&second_half, &second_trickler});
    for (SlowClient* slow : slow_ones) {
        Exchange reply = slow->client.read_to_end(0.5);
        expect_status(reply, 408, slow_head);
        expect_present_date(reply);
        for (const char* name : {"Content-Length", "Content-Type"})
            expect_present(reply, name, {"a 408 is a reply like all others, with a page"});
        expect_listed(
            reply, "Connection", "close",
            {"MUST RFC 9112 §9.6: a server that is going to close the connection says so"});
        expect_time(*slow, reply, 7.0, 13.0, "the end of the connection after about 10 s",
                    slow_head);
    }
    Exchange nothing = silent.client.read_to_end(0.5);
    const Reason no_request = {
        "a client that never asked gets no answer, but must not keep a "
        "connection for ever",
        "use the same deadline, but just close if not one byte has come"};
    expect_silent_close(nothing, no_request);
    expect_time(silent, nothing, 3.0, 13.0, "the end of the connection after 10 s at the latest",
                no_request);
    if (!kept_alive) return;
    for (SlowClient* slow : {&idle, &idle_later}) {
        Exchange left = slow->client.read_to_end(0.5);
        expect(
            left.ending == Ending::closed && left.received == "", left,
            "the end of the connection, without a byte", "",
            {"an idle connection may be closed (RFC 9112 §9.5), but a 408 here would be taken for the "
             "reply to the next request"});
        expect_time(*slow, left, 3.0, 8.0, "the end of the connection after about 5 s",
                    {"an idle kept-alive connection is closed after 5 s, after one request or more",
                     "set the deadline after each reply"});
    }
}
