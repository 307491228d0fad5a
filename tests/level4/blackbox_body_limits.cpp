// Bodies that are too large, too slow, encoded, or announced with Expect: 100-continue. In all of
// these cases much can be decided before the body is read.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "text.hpp"

namespace {

constexpr std::size_t limit = 1 << 20;  // the default of --max-body

std::string post_head(const std::vector<std::string>& fields,
                      const std::string& version = "HTTP/1.1") {
    std::string bytes = "POST /echo " + version + "\r\nHost: localhost\r\n";
    for (const std::string& field : fields) bytes += field + "\r\n";
    return bytes + "\r\n";
}

std::string length(std::size_t bytes) {
    return "Content-Length: " + std::to_string(bytes);
}

// `size` bytes in chunks of 64 KiB, without the last chunk. `size` is a multiple of that.
std::string chunks(std::size_t size) {
    std::string result;
    for (std::size_t sent = 0; sent < size; sent += 0x10000)
        result += "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    return result;
}

// A client that is watched until it is sent away.
struct Watched {
    std::string what;
    Client client{};
    double ended_after = 0;  // seconds until its connection ended; 0 while it is connected
};

std::vector<Watched> stalled_clients() {
    struct Row {
        const char* what;
        std::vector<std::string> fields;
        const char* sent;
    };
    const Row rows[] = {
        {"nothing of the body", {length(5)}, ""},
        {"half of the body", {length(5)}, "he"},
        {"half a chunk", {"Transfer-Encoding: chunked"}, "5\r\nhe"},
        {"chunks without the last", {"Transfer-Encoding: chunked"}, "5\r\nhello\r\n"},
        {"nothing after 100 Continue", {"Expect: 100-continue", length(5)}, ""}};
    std::vector<Watched> clients;
    for (const Row& row : rows) {
        clients.push_back({row.what});
        clients.back().client.send(post_head(row.fields) + row.sent);
    }
    expect_status(clients.back().client.read_reply("POST"), 100, {"a good expectation"});
    return clients;
}

// Notes which clients have been sent away so far. True if all have.
bool all_ended(std::vector<Watched>& clients, double start) {
    bool all = true;
    for (Watched& watched : clients) {
        if (watched.ended_after == 0 && watched.client.ended()) watched.ended_after = now() - start;
        all = all && watched.ended_after > 0;
    }
    return all;
}

void expect_timed_out(Watched& watched) {
    Exchange reply = watched.client.read_to_end(0.5);
    Reason reason = {
        "RFC 9110 §15.5.9: a body has 10 s for each bit of progress (here: " + watched.what + ")",
        "use a deadline for the body that is set again with every byte of it"};
    expect_status(reply, 408, reason);
    expect(watched.ended_after >= 7.0 && watched.ended_after <= 13.0, reply,
           "the end of the connection after about 10 s",
           watched.ended_after == 0 ? "still connected after 13 s"
                                    : std::to_string(watched.ended_after) + " s",
           reason);
}

const Reason too_large = {
    "RFC 9110 §15.5.14: a body may have 1 MiB, so that no client can "
    "fill the memory",
    "check the length before you reserve anything"};

}  // namespace

TEST_SUITE_BEGIN("level4 / 1 bodies");

TEST_CASE("a body of 1 MiB is accepted, with a length and in chunks") {
    std::string body(limit, 'x');
    for (const std::string& bytes :
         {with_body("POST", "/echo", "text/plain", body),
          chunked("/echo", chunks(limit) + "0\r\n\r\n", {"Connection: close"})}) {
        Exchange reply = exchange(bytes);
        expect_status(reply, 200, {"the limit itself is within the limit"});
        bool whole = reply.reply.body.ends_with("\n\n" + body);
        expect(whole, reply, "an echo of the whole body", "another body", {"nothing is lost"});
    }
}

TEST_CASE("a Content-Length past 1 MiB is 413, before the body is sent") {
    for (std::size_t size : {limit + 1, std::size_t{5'000'000'000}}) {
        Exchange reply = exchange(post_head({length(size)}));
        expect_status(reply, 413, too_large);
        expect_listed(reply, "Connection", "close",
                      {"SHOULD RFC 9112 §9.6: a server that closes says so"});
        expect_one_reply_then_close(reply, {"the body will not be read, so nothing can follow"});
    }
}

TEST_CASE("the 413 arrives although the client goes on sending") {
    Exchange reply = exchange(post_head({length(limit + 1)}) + std::string(limit + 1, 'x'));
    expect_status(reply, 413,
                  {"RFC 9112 §9.6: most clients send the whole body before they read",
                   "half-close, read on for a moment (bounded), then close, because close() with "
                   "unread bytes sends RST, and the client loses the reply"});
}

TEST_CASE("chunks are 413 as soon as they pass 1 MiB") {
    Exchange reply = exchange(post_head({"Transfer-Encoding: chunked"}) + chunks(limit + 0x10000));
    expect_status(reply, 413, too_large);
    expect_one_reply_then_close(reply,
                                {"no last chunk was sent, so the server must not wait for it"});
}

TEST_CASE("a body with a Content-Encoding is 415") {
    for (const std::string coding : {"gzip", "br", "deflate", "x-unknown"}) {
        Exchange reply = exchange(
            with_body("POST", "/echo", "text/plain", "anything", {"Content-Encoding: " + coding}));
        expect_status(reply, 415,
                      {"RFC 9110 §15.5.16: this server unpacks nothing, because a kilobyte of gzip "
                       "can become a gigabyte"});
    }
}

TEST_CASE("100 Continue comes before the body is sent") {
    for (const std::string value : {"100-continue", "100-Continue"}) {
        for (bool in_chunks : {false, true}) {
            Client client;
            std::string framing = in_chunks ? "Transfer-Encoding: chunked" : "Content-Length: 5";
            client.send(post_head({"Expect: " + value, framing}));
            Exchange interim = client.read_reply("POST");
            expect_status(
                interim, 100,
                {"MUST RFC 9110 §10.1.1: the client waits for it before it sends the body",
                 "send it when the head is complete and the body is wanted"});
            expect(interim.received.ends_with("\r\n\r\n") && interim.reply.body.empty(), interim,
                   "a head and nothing more", "", {"MUST RFC 9110 §15.2: a 1xx reply has no body"});
            client.send(in_chunks ? "5\r\nhello\r\n0\r\n\r\n" : "hello");
            Exchange reply = client.read_reply("POST");
            expect_status(reply, 200, {"then the real reply comes"});
            expect_in_body(reply, "\n\nhello", {"it has the body"});
            client.send(get_and_stay("/hello?name=next"));
            expect_shown(client.read_reply(), "next", {"the connection is still in step"});
        }
    }
}

TEST_CASE("a client that does not wait for 100 Continue is also answered") {
    Client client;
    client.send(post_head({"Expect: 100-continue", length(5)}) + "hello");
    Exchange reply = client.read_reply("POST");
    if (reply.reply.status == 100) reply = client.read_reply("POST");
    expect_status(
        reply, 200,
        {"MAY RFC 9110 §10.1.1: the 100 may be left out if the body has already arrived"});
    client.send(get_and_stay("/hello?name=next"));
    expect_shown(client.read_reply(), "next", {"one reply, or a 100 and one reply, but not more"});
}

TEST_CASE("there is no 100 Continue if the body will not be read") {
    for (const auto& [fields, status] : std::vector<std::pair<std::vector<std::string>, int>>{
             {{length(limit + 1)}, 413},
             {{length(5), "Content-Encoding: gzip"}, 415},
             {{"Transfer-Encoding: chunked", "Content-Encoding: gzip"}, 415}}) {
        std::vector<std::string> all = fields;
        all.push_back("Expect: 100-continue");
        Exchange reply = exchange(post_head(all));
        expect_status(reply, status,
                      {"RFC 9110 §10.1.1: a client that asks does not want to send in vain",
                       "check length and coding first, then send the 100"});
        expect_one_reply_then_close(reply, {"the body may or may not come now, so close"});
    }
}

TEST_CASE("what the head alone decides is said in place of 100 Continue") {
    const auto asking = [](const std::string& target, const std::string& host,
                           const std::string& field) {
        return "POST " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + field +
               "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    };
    const std::vector<std::pair<std::string, int>> rows = {
        {asking("/nowhere", "localhost", ""), 404},
        {asking("/hello", "localhost", ""), 405},
        {asking("/contact", "localhost", "Sec-Fetch-Site: cross-site\r\n"), 403},
        {asking("/contact", "evil.example", ""), 421}};
    for (const auto& [bytes, status] : rows) {
        Exchange reply = exchange(bytes);
        expect_status(reply, status,
                      {"RFC 9110 §10.1.1: a client that asks does not want to send in vain",
                       "ask the layers around the handler with the head, before the body comes"});
        expect_one_reply_then_close(reply, {"the body may or may not come now, so close"});
    }
    const Exchange reply = exchange(asking("/api/nowhere", "localhost", "X-Request-ID: mine\r\n"));
    expect_field(reply, "X-Request-ID", "mine",
                 {"this course chooses that every reply under /api has it, and this is one"});
}

TEST_CASE("there is no 100 Continue for HTTP/1.0") {
    Client client;
    client.send(post_head({"Expect: 100-continue", length(5)}, "HTTP/1.0"));
    // Several others are answered first, so the server has seen the head before the body comes.
    for (int i = 0; i < 5; ++i) expect_status(exchange(get("/")), 200, {"the server is up"});
    client.send("hello");
    expect_status(client.read_reply("POST"), 200,
                  {"MUST RFC 9110 §10.1.1: an HTTP/1.0 client takes a 100 for the reply itself"});
}

TEST_CASE("another expectation is 417") {
    for (const std::string value : {"200-ok", "100-continued", "100-continue, more"}) {
        Exchange reply = exchange(post_head({"Expect: " + value, length(0), "Connection: close"}));
        expect_status(reply, 417, {"MAY RFC 9110 §10.1.1: the only expectation is 100-continue"});
    }
}

TEST_CASE("two fields Expect are 400, with a body and without one") {
    const std::string expectation = "Expect: 100-continue";
    for (const std::string& bytes :
         {get("/hello", {expectation, expectation}),
          post_head({expectation, expectation, length(0), "Connection: close"}),
          post_head({expectation, expectation, length(5), "Connection: close"})})
        expect_status(exchange(bytes), 400,
                      {"it says how the request is to be read, so there can be only one"});
}

TEST_CASE("a body that stalls or drips is 408 after 10 s, and one that is merely slow is read" *
          doctest::timeout(30)) {
    std::vector<Watched> stalled = stalled_clients();
    Client dripping;
    dripping.send(post_head({length(7)}));
    Client slow;
    slow.send(post_head({length(9000)}));
    Client late;
    std::string late_head = post_head({length(5)});
    late.send(late_head.substr(0, 20));
    std::string late_rest = late_head.substr(20);

    const double start = now();
    double dripping_ended = 0;
    int drips = 0;
    int hundreds = 0;
    while (now() < start + 16.0 && !(all_ended(stalled, start) && hundreds == 90)) {
        // 0.5 bytes a second. Each of them is progress, but not enough.
        if (dripping_ended == 0 && dripping.ended()) dripping_ended = now() - start;
        if (drips < 7 && now() > start + 2.0 * drips && dripping_ended == 0) {
            dripping.send("x");
            ++drips;
        }
        if (hundreds < 90 && now() > start + hundreds / 6.0) {  // 600 bytes a second, for 15 s
            slow.send(std::string(100, 'y'));
            ++hundreds;
        }
        // The late one's head is complete after 5 s. Its body has 10 s from then on.
        if (now() > start + 5.0) late.send(std::exchange(late_rest, ""));
        let_pass(0.01);
    }
    late.send("hello");
    for (Watched& watched : stalled) expect_timed_out(watched);
    Exchange refused = dripping.read_to_end();
    const Reason too_slow = {
        "this course chooses: a body brings 5,000 bytes in any 10 s, or its end, or it is 408",
        "a client that sends a byte now and then must not keep a connection for ever"};
    expect_status(refused, 408, too_slow);
    expect(dripping_ended > 9.0 && dripping_ended < 13.0, refused, "the end after 10 to 12 s",
           std::to_string(dripping_ended) + " s", too_slow);
    Exchange reply = slow.read_reply("POST");
    expect_status(reply, 200,
                  {"600 bytes a second are slow, but enough",
                   "the 10 s for the head must not go on for the body"});
    expect_in_body(reply, "\n\n" + std::string(9000, 'y'), {"the whole body"});
    expect_status(late.read_reply("POST"), 200,
                  {"a head has 10 s, and after it the body has 10 s of its own",
                   "set the deadline of the body when the head is complete"});
}

TEST_SUITE_END();
