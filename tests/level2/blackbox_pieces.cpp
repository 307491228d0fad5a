// A request must get the same reply in however many pieces it arrives, and bytes that aren't a
// request at all must do no harm. What is refused, and why, is in blackbox_framing.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

// The names of the fields that may differ between replies to the same bytes: those that tell the
// time, and those that do differ between these two, such as a number that each request gets.
std::set<std::string> changing_fields(const Reply& one, const Reply& other) {
    std::set<std::string> names = {"server-timing"};
    for (const Reply* reply : {&one, &other})
        for (const Field& field : reply->fields)
            if (parse_date(field.value) >= 0 || one.value(field.name) != other.value(field.name))
                names.insert(lower(field.name));
    return names;
}

// The status, the fields and the body, line by line.
std::vector<std::string> lines_of(const Exchange& exchange, const std::set<std::string>& left_out) {
    std::vector<std::string> lines = {exchange.reply.complete() ? outcome(exchange)
                                                                : "no whole reply"};
    for (const Field& field : exchange.reply.fields)
        if (!left_out.contains(lower(field.name))) lines.push_back(field.name + ": " + field.value);
    for (const std::string& line : split(exchange.reply.body + std::string(exchange.rest()), '\n'))
        lines.push_back(line);
    return lines;
}

// The bytes have been sent in one piece, and then once more, to see what each reply has of its own.
// In pieces they must get all the rest of it.
void expect_same(const Exchange& in_pieces, const Exchange& whole, const Exchange& again,
                 const Reason& reason, Where where = Where::here()) {
    const std::set<std::string> changing = changing_fields(whole.reply, again.reply);
    const std::vector<std::string> expected = lines_of(whole, changing);
    const std::vector<std::string> got = lines_of(in_pieces, changing);
    const auto [wanted, found] =
        std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
    const auto shown = [](auto line, const auto& lines) {
        return line == lines.end() ? "the end of the reply" : visible(line->substr(0, 200));
    };
    const bool same = wanted == expected.end() && found == got.end();
    expect(same, in_pieces,
           "the reply to the same bytes in one piece" +
               (same ? "" : ", which reads at the first difference: " + shown(wanted, expected)),
           same ? "" : "in its place: " + shown(found, got), reason, where);
}

// Good and bad requests, each of which ends its connection.
std::vector<std::string> requests_to_cut() {
    return {get("/"),
            get("/about?a=1", {"X-Long: some value", "X-Empty:"}),
            get("/hello?name=A%20d+a"),
            get("/echo", {"A: 1", "B: J\xc3\xbcrgen"}),  // a letter of two bytes
            get("/nothing"),
            request("HEAD", "/about"),
            request("POST", "/about", {"Content-Length: 5"}) + "hello",
            request("BREW", "/about"),
            "\r\n" + get("/about"),
            "GET /about HTTP/1.1\nHost: localhost\nConnection: close\n\n",
            "GET /about HTTP/1.0\r\n\r\n",
            "GET /about HTTP/1.1\r\n\r\n",
            "GET /about HTTP/2.0\r\nHost: localhost\r\n\r\n",
            get("/about", {"X : y"}),
            get("/about", {"X: a\r\n b"}),
            get("/about", {"X: a\rb"})};
}

}  // namespace

TEST_SUITE_BEGIN("level2 / 6 pieces");

TEST_CASE("a request gets the same reply wherever it is cut in two") {
    for (const std::string& whole : requests_to_cut()) {
        const Exchange again = exchange(whole);
        const Exchange expected = exchange(whole);
        expect(expected.ending == Ending::closed, expected,
               "a reply, then the end of the connection", "",
               {"the request, not cut yet, ends its connection"});
        if (expected.ending != Ending::closed) continue;
        std::vector<Script> scripts;
        for (std::size_t cut = 1; cut < whole.size(); ++cut)
            scripts.push_back(Script({whole.substr(0, cut), whole.substr(cut)}));
        std::vector<Exchange> replies = exchange_all(scripts);
        for (std::size_t i = 0; i < replies.size(); ++i) {
            std::size_t cut = i + 1;
            std::size_t before = cut < 20 ? cut : 20;
            expect_same(
                replies[i], expected, again,
                {"MUST RFC 9112 §2.1: a head ends with its blank line. TCP is a stream, so where one "
                 "recv() ends says nothing",
                 "the first piece ended with: " + visible(whole.substr(cut - before, before)),
                 whole.substr(cut)});
        }
    }
}

TEST_CASE("a request that its client cuts off is not answered as a whole one") {
    expect_status(exchange(Script({get("/about")}, true)), 200, {"this one is complete"});
    for (const std::string cut : {"GET /about HT", "GET /about HTTP/1.1\r\nHost: local",
                                  "GET /about HTTP/1.1\r\nHost: localhost\r\n"}) {
        const Exchange reply = exchange(Script({cut}, true));
        const int status = reply.reply.status;
        expect(reply.received.empty() || (status >= 400 && status < 500), reply,
               "400, or the end of the connection", "",
               {"MUST RFC 9112 §2.1: a head ends with its blank line; who knows what was to follow",
                "when recv() returns 0 (b'' in Python), look whether the blank line has come"});
    }
}

TEST_CASE("a request gets the same reply when it arrives byte by byte") {
    std::vector<Script> whole;
    std::vector<Script> in_bytes;
    for (const std::string& bytes : requests_to_cut()) {
        whole.push_back(bytes);
        std::vector<std::string> pieces;
        for (char c : bytes) pieces.push_back(std::string(1, c));
        in_bytes.push_back(Script(pieces));
    }
    std::vector<Exchange> again = exchange_all(whole);
    std::vector<Exchange> expected = exchange_all(whole);
    std::vector<Exchange> replies = exchange_all(in_bytes);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        // After an error the rest is no longer needed, so the reply may come before the end.
        expect_same(
            replies[i], expected[i], again[i],
            {"MUST RFC 9112 §2.1: a head ends with its blank line. TCP is a stream, so a request may "
             "come in as many pieces as it has bytes",
             "collect bytes until the request is complete, then parse"});
    }
}

TEST_CASE("random bytes get an error or nothing, and never end the server") {
    std::mt19937 random(settings().seed);
    std::vector<Script> scripts;
    for (int i = 0; i < 150; ++i) {
        // Half of them are pure noise, the other half a good request with some bytes replaced.
        std::string bytes = i % 2 == 0 ? std::string(1 + random() % 300, ' ') : get("/echo?a=b");
        auto changes = i % 2 == 0 ? bytes.size() : 1 + random() % 6;
        for (std::size_t n = 0; n < changes; ++n)
            bytes[i % 2 == 0 ? n : random() % bytes.size()] = static_cast<char>(random());
        scripts.push_back(Script({bytes + "\r\n\r\n"}, true));
    }
    for (const Exchange& reply : exchange_all(scripts)) {
        bool sound = reply.received.empty() || reply.reply.complete();
        expect(reply.crash.empty() && sound && reply.ending != Ending::silent, reply,
               "a correct reply, or none, and then the end of the connection", "",
               {"bad input of any kind must neither end the server nor keep it busy",
                "the seed is printed at the start of the run; SEED=N repeats it"});
    }
    expect_status(exchange(get("/")), 200, {"the server still answers"});
}

TEST_SUITE_END();
