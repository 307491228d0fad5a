// Bodies of requests whose length is known, and what follows them on the connection. Chunked bodies
// are in blackbox_chunked.cpp; too large, too slow and unwanted ones in blackbox_body_limits.cpp.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "report.hpp"
#include "text.hpp"

using std::string_literals::operator""s;

namespace {

std::string post(std::string_view body, const std::vector<std::string>& fields = {}) {
    return with_body("POST", "/echo", "text/plain", body, fields);
}

std::string post_and_stay(std::string_view body) {
    return with_body_and_stay("POST", "/echo", "text/plain", body);
}

// What comes after the blank line of an echo.
std::string echoed_body(const Exchange& exchange) {
    std::size_t blank = exchange.reply.body.find("\n\n");
    return blank == std::string::npos ? "" : exchange.reply.body.substr(blank + 2);
}

void expect_echoed(const Exchange& exchange, std::string_view body, const Reason& reason,
                   Where where = Where::here()) {
    expect_status(exchange, 200, reason, where);
    expect(echoed_body(exchange) == body, exchange,
           "the body as it was sent, " + std::to_string(body.size()) + " bytes",
           std::to_string(echoed_body(exchange).size()) + " bytes, or different ones", reason,
           where);
}

const Reason stays = {
    "SHOULD RFC 9112 §9.3: the end of a body is known, so the connection stays open",
    "take exactly Content-Length bytes; what follows is the next request"};

}  // namespace

TEST_SUITE_BEGIN("level4 / 1 bodies");

TEST_CASE("POST /echo returns the request line, the fields, a blank line and the body") {
    Exchange reply = exchange(
        "POST /echo?a=1 HTTP/1.1\r\nHost: localhost\r\nX-B: 2\r\nContent-Length: 11\r\n"
        "X-A: 1\r\nConnection: close\r\n\r\nhello\r\nyou!");
    expect_status(reply, 200, {"level 4 reads bodies"});
    expect_field(reply, "Content-Type", "text/plain; charset=utf-8",
                 {"as HTML, an echo would run whatever a client sends"});
    expect_body(reply,
                "POST /echo?a=1 HTTP/1.1\nHost: localhost\nX-B: 2\nContent-Length: 11\nX-A: 1\n"
                "Connection: close\n\nhello\r\nyou!",
                {"the body is just bytes, so a line end in it stays as it is"});
}

TEST_CASE("GET /echo returns the request line, the fields in their order and a blank line") {
    Exchange reply = exchange(
        "GET /echo?a=1&b=%20 HTTP/1.1\r\nHost: localhost\r\nX-Second: b\r\nX-First: a\r\n"
        "X-Second: c\r\nX-Spaces: \t padded value \t \r\nX-Empty:\r\nConnection: close\r\n\r\n");
    expect_status(reply, 200, {"/echo shows the request as it was parsed"});
    expect_body(reply,
                "GET /echo?a=1&b=%20 HTTP/1.1\nHost: localhost\nX-Second: b\nX-First: a\n"
                "X-Second: c\nX-Spaces: padded value\nX-Empty: \nConnection: close\n\n",
                {"the head ends with the blank line, even if no body follows"});
}

TEST_CASE("a body may hold any bytes") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    for (const std::string& body : {all, "\0"s, "\r\n\r\n"s, "0\r\n\r\n"s, ""s})
        expect_echoed(exchange(post(body)), body,
                      {"RFC 9110 §6.4: content is a sequence of bytes",
                       "don't use C string functions, because they stop at a zero byte"});
}

TEST_CASE("requests with bodies follow each other on a connection") {
    Client client;
    for (const std::string body : {"first", "", "the third, which is longer", "4"}) {
        client.send(post_and_stay(body));
        Exchange reply = client.read_reply("POST");
        expect_echoed(reply, body, stays);
        expect(!reply.reply.lists("Connection", "close"), reply, "no Connection: close",
               "Connection: " + reply.reply.value("Connection"), stays);
    }
    client.send(get_and_stay("/hello?name=last"));
    expect_shown(client.read_reply(), "last", stays);
}

TEST_CASE("a GET may have a body, which is read and ignored") {
    Client client;
    client.send(with_body_and_stay("GET", "/about", "", get("/hello?name=smuggled")));
    expect_status(client.read_reply(), 200, {"RFC 9110 §9.3.1: it has no meaning, but is framed"});
    client.send(get_and_stay("/hello?name=next"));
    expect_shown(client.read_reply(), "next", stays);
}

TEST_CASE("pipelined requests with bodies are answered in order") {
    const int count = 60;
    std::string bytes;
    for (int i = 0; i < count; ++i)
        bytes += i % 3 == 2 ? get_and_stay("/hello?name=n" + std::to_string(i) + "x")
                            : post_and_stay("n" + std::to_string(i) + "x");
    Client client;
    client.send(bytes);
    for (int i = 0; i < count; ++i) {
        Exchange reply = client.read_reply("POST");
        expect_status(reply, 200, stays);
        expect_shown(reply, "n" + std::to_string(i) + "x",
                     {"MUST RFC 9112 §9.3.2: replies come in the order of the requests"});
    }
}

TEST_CASE("a request inside a body is part of the body") {
    std::string inner = get("/hello?name=smuggled");
    for (const std::string& first :
         {post_and_stay(inner), chunked("/echo", "49\r\n" + inner + "\r\n0\r\n\r\n")}) {
        Exchange reply = exchange(first + get("/hello?name=honest"));
        expect_status(reply, 200, {"a good request"});
        expect(contains(reply.rest(), "Hello, honest") && !contains(reply.rest(), "smuggled"),
               reply, "two replies: the echo, then the greeting of the second request",
               "after the first reply: " + visible(reply.rest().substr(0, 300)),
               {"RFC 9112 §11.2: to read the bytes of a body as a request is request smuggling",
                "skip the body even if the handler does not want it"});
    }
}

TEST_CASE("the body of a refused request is not read as a request") {
    std::string inner = get("/hello?name=smuggled");
    for (const std::string& first : {with_body_and_stay("POST", "/about", "", inner),
                                     with_body_and_stay("POST", "/nothing/here", "", inner),
                                     with_body_and_stay("BREW", "/about", "", inner),
                                     with_body_and_stay("POST", "/contact", "text/plain", inner)}) {
        Exchange reply = exchange(first + get("/hello?name=honest"));
        expect_status(reply, {404, 405, 415, 501}, {"the first request is refused"});
        expect_not_in_reply(reply, "Hello, smuggled",
                            {"MUST RFC 9112 §11.2: skip the body, or close the connection"});
        bool next = contains(reply.rest(), "Hello, honest");
        bool closed = reply.reply.lists("Connection", "close") && reply.rest().empty();
        expect(next || closed, reply,
               "the reply to the next request, or Connection: close and nothing more",
               visible(reply.rest().substr(0, 300)),
               {"MUST RFC 9112 §9.3: read the body, or close without answering anything more"});
    }
}

TEST_CASE("a request with a body gets the same reply wherever it is cut in two") {
    std::string chunks = "4\r\nhell\r\n1;x=y\r\no\r\n0\r\nX-Trailer: 1\r\n\r\n";
    for (const std::string& whole : {post("hello"), chunked("/echo", chunks, {"Connection: close"}),
                                     chunked("/echo", "5\r\nhelloX\r\n", {"Connection: close"})}) {
        std::vector<Script> scripts = {whole};
        for (std::size_t cut = 1; cut < whole.size(); ++cut)
            scripts.push_back(Script({whole.substr(0, cut), whole.substr(cut)}));
        std::vector<std::string> in_bytes;
        for (char c : whole) in_bytes.push_back(std::string(1, c));
        scripts.push_back(Script(in_bytes));
        std::vector<Exchange> replies = exchange_all(scripts);
        for (const Exchange& reply : replies) {
            expect(reply.reply.status == replies[0].reply.status &&
                       reply.reply.body == replies[0].reply.body && reply.rest().empty(),
                   reply, "the reply to the same bytes in one piece: " + outcome(replies[0]),
                   "another reply: " + outcome(reply),
                   {"TCP is a stream, so where one recv() ends says nothing about the message"});
        }
    }
}

TEST_CASE("a client that leaves in the middle of a body gets a 400 or nothing") {
    std::string whole = post("hello, world");
    std::string in_chunks = chunked("/echo", "5\r\nhello\r\n5\r\nwor");
    std::vector<Script> scripts;
    for (std::size_t missing : {1u, 5u, 12u})
        scripts.push_back(Script({whole.substr(0, whole.size() - missing)}, true));
    for (std::size_t missing : {0u, 3u, 6u, 8u, 13u})
        scripts.push_back(Script({in_chunks.substr(0, in_chunks.size() - missing)}, true));
    for (const Exchange& reply : exchange_all(scripts)) {
        bool none = reply.received.empty();
        expect(reply.ending == Ending::closed && (none || reply.reply.status == 400), reply,
               "the end of the connection, with a 400 or nothing before it", "",
               {"RFC 9112 §8: an incomplete request is not carried out",
                "if the stream ends within a body, that is an error, not the end of the body"});
    }
    for (int i = 0; i < 20; ++i) {
        Client broken;
        broken.send(whole.substr(0, whole.size() - 3));
        broken.reset();
    }
    expect_status(exchange(get("/")), 200, {"the server still answers"});
}

TEST_CASE("an incomplete form is not stored") {
    std::string name = unique("Half");
    std::string whole = contact({name});
    exchange(Script({whole.substr(0, whole.size() - 1)}, true));
    expect_not_in_reply(exchange(get("/api/messages")), name,
                        {"RFC 9112 §8: an incomplete request is not carried out"});
    expect_not_in_reply(exchange(get("/messages")), name, {"the page does not show it either"});
}

TEST_SUITE_END();
