// Four slow clients against the deadlines: 10 s for a whole request head, 5 s for an idle
// kept-alive connection. The checks allow some seconds for a busy machine.
#include "slow_clients.hpp"

#include <sstream>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"

namespace {

constexpr double longest_wait = 14.0;
constexpr double between_drops = 0.4;

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

// Lets the clients drip until all have been sent away or the longest wait is over.
void run(std::vector<SlowClient*> clients) {
    const double start = now();
    double next_drop = start;
    while (!clients.empty() && now() < start + longest_wait) {
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

}  // namespace

void expect_slow_clients_are_sent_away(Connections connections) {
    SlowClient silent{Client()};
    SlowClient half{Client()};
    half.client.send("GET /about HT");
    // The trickler never stops for long, and would need half a minute.
    SlowClient trickler{
        Client(), "GET /about HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + std::string(50, 'z')};
    std::vector<SlowClient*> all = {&silent, &half, &trickler};
    SlowClient idle{Client()};
    bool kept_alive = connections == Connections::kept_alive;
    if (kept_alive) {
        idle.client.send(get_and_stay("/about"));
        expect_status(idle.client.read_reply(), 200, {"its one request is a good one"});
        all.push_back(&idle);
    }
    run(all);

    const Reason slow_head = {
        "RFC 9110 §15.5.9: a request head has 10 s in all, however slowly it trickles (slow loris)",
        "set one deadline for the whole head when the connection begins to wait for it; "
        "a time-out per recv() starts again with each byte"};
    for (SlowClient* slow : {&half, &trickler}) {
        Exchange reply = slow->client.read_to_end(0.5);
        expect_status(reply, 408, slow_head);
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
    Exchange left = idle.client.read_to_end(0.5);
    expect(left.ending == Ending::closed && left.received == "", left,
           "the end of the connection, without a byte", "",
           {"RFC 9112 §9.5: an idle connection may be closed; a 408 here would be taken for the "
            "reply to the next request"});
    expect_time(idle, left, 3.0, 8.0, "the end of the connection after about 5 s",
                {"an idle kept-alive connection is closed after 5 s"});
}
