// What level 4 adds to the parser and the conversation: bodies.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "mutation.hpp"
#include "request.hpp"
#include "talk.hpp"

namespace {

const Limits limits;

// What comes of a stream: each request's method and body, then the status if the rest is refused.
std::string outcome(RequestParser& parser) {
    std::string text;
    try {
        while (const auto request = parser.next()) {
            text += request->method + "(" + request->body + ")";
        }
    } catch (const HttpError& error) {
        text += std::to_string(error.status);
    }
    return text;
}

std::string outcome(std::string_view bytes) {
    RequestParser parser(limits);
    parser.feed(bytes);
    return outcome(parser);
}

std::string post(const std::string& fields, const std::string& rest) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + rest;
}

std::string chunked(const std::string& rest) {
    return post("Transfer-Encoding: chunked\r\n", rest);
}

const std::string next_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Response echo(Request& request) {
    if (request.head_only) return {100, {}, ""};
    return Response::text(request.body);
}

}  // namespace

TEST_CASE("a body is as long as Content-Length says") {
    CHECK(outcome(post("Content-Length: 5\r\n", "hello" + next_request)) == "POST(hello)GET()");
    CHECK(outcome(post("Content-Length: 0\r\n", next_request)) == "POST()GET()");
    CHECK(outcome(post("", next_request)) == "POST()GET()");
    CHECK(outcome(post("Content-Length: 5\r\n", "hell")) == "");
}

TEST_CASE("the chunks of a body are put together") {
    CHECK(outcome(chunked("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n" + next_request)) ==
          "POST(hello!)GET()");
    CHECK(outcome(chunked("0\r\n\r\n" + next_request)) == "POST()GET()");
    CHECK(outcome(chunked("0005\r\nhello\r\n000\r\n\r\n")) == "POST(hello)");
    CHECK(outcome(chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n")) ==
          "POST(01234567890123456789)");
}

TEST_CASE("bytes that look like the end of a chunked body are data inside a chunk") {
    CHECK(outcome(chunked("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n")) == "POST(\r\n0\r\n\r\n)");
}

TEST_CASE("chunk extensions are ignored") {
    for (const std::string extensions :
         {";a=b;c=\"d\"", ";x", " ; a", "\t;\ta =\t b ;c", ";a=\"q;uo\\\"ted\xff\"", ";a=\"\""}) {
        CAPTURE(extensions);
        CHECK(outcome(chunked("5" + extensions + "\r\nhello\r\n0;x\r\n\r\n")) == "POST(hello)");
    }
}

TEST_CASE("what breaks the grammar of chunk extensions is refused (RFC 9112 §7.1.1)") {
    for (const std::string extensions :
         {";", " ", ";;a", ";a;", "; ", ";bad[=x", ";a=", ";a=b c", ";a=\"open", ";a=\"\\\"",
          ";a=\"x\"y", ";a=\"\x01\"", ";a\x7f", ";\xc3\xa4", " a", "=b", ";a==b", ";a "}) {
        CAPTURE(extensions);
        CHECK(outcome(chunked("5" + extensions + "\r\nhello\r\n0\r\n\r\n")) == "400");
    }
}

TEST_CASE("two fields that decide how a body is read are refused") {
    CHECK(outcome(post("Content-Type: a/b\r\nContent-Type: a/b\r\nContent-Length: 1\r\n", "x")) ==
          "400");
    CHECK(outcome(post("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n",
                       "x")) == "400");
}

TEST_CASE("trailers are read, and never become fields") {
    RequestParser parser(limits);
    parser.feed(chunked("0\r\nX-Trailer: 1\r\nHost: evil\r\n\r\n" + next_request));
    const auto request = parser.next();
    REQUIRE(request != nullptr);
    CHECK(request->headers.find("X-Trailer") == nullptr);
    CHECK(*request->headers.find("Host") == "a");
    CHECK(parser.next() != nullptr);
}

TEST_CASE("chunks that two programs could read differently are refused") {
    for (const char* body :
         {"\r\nhello\r\n", "5 \r\nhello", " 5\r\nhello", "+5\r\nhello", "-5\r\nhello",
          "0x5\r\nhello", "5g\r\nhello", "5\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
          "5\r\nhello\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello\r\r\n", ";a\r\n",
          "10000000000000005\r\nhello", "0\r\nno colon\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\n\n",
          "5\rhello\r\n"}) {
        CAPTURE(std::string(body));
        CHECK(outcome(chunked(body)) == "400");
    }
}

TEST_CASE("a body past the limit is 413, as early as that can be known") {
    CHECK(outcome(post("Content-Length: 1048577\r\n", "")) == "413");
    CHECK(outcome(post("Content-Length: 18446744073709551615\r\n", "")) == "413");
    CHECK(outcome(chunked("100001\r\n")) == "413");
    CHECK(outcome(chunked("FFFFFFFFFFFFFFFF\r\n")) == "413");
    CHECK(outcome(chunked("2\r\nab\r\nfffff\r\n")) == "413");
    CHECK(outcome(post("Content-Length: 1048576\r\n", std::string(1048576, 'x'))).size() ==
          1048582);
}

TEST_CASE("much ado about little data is refused: extensions and trailers have a limit") {
    CHECK(outcome(chunked("1;" + std::string(300, 'x') + "\r\n")) == "400");
    std::string many;
    for (int i = 0; i < 100; ++i) many += "1;" + std::string(200, 'x') + "\r\na\r\n";
    CHECK(outcome(chunked(many)) == "400");
    CHECK(outcome(chunked("0\r\nX: " + std::string(17'000, 'x'))) == "431");
}

TEST_CASE("compressed bodies and unknown expectations are refused") {
    const auto gzip = post("Content-Length: 1\r\nContent-Encoding: gzip\r\n", "");
    CHECK(outcome(gzip) == "415");
    CHECK(Talk(echo).say(gzip).find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
    CHECK(outcome(post("Expect: miracles\r\nContent-Length: 1\r\n", "")) == "417");
}

TEST_CASE("it makes no difference where a body is cut") {
    const std::vector<std::string> streams{
        post("Content-Length: 5\r\n", "hello" + next_request),
        chunked("5;a\r\nhello\r\n0\r\nT: t\r\n\r\n" + next_request),
        chunked("5\r\nhello\r\r\n"),
        chunked("5\r\nhelloXX0\r\n"),
        chunked("5x\r\n"),
    };
    for (const auto& stream : streams) {
        CAPTURE(stream);
        const auto expected = outcome(stream);
        for (std::size_t cut = 1; cut < stream.size(); ++cut) {
            CAPTURE(cut);
            RequestParser parser(limits);
            parser.feed(std::string_view(stream).substr(0, cut));
            std::string seen = outcome(parser);
            if (!seen.ends_with("400")) {
                parser.feed(std::string_view(stream).substr(cut));
                seen += outcome(parser);
            }
            CHECK(seen == expected);
        }
    }
}

TEST_CASE("no input breaks the reading of bodies") {
    const std::vector<std::string> seeds{
        post("Content-Length: 5\r\n", "hello"),
        chunked("5;a=b\r\nhello\r\n3\r\nabc\r\n0\r\nT: t\r\n\r\n" + next_request)};
    const std::vector<std::string> words{"\r\n", ";", "0\r\n\r\n", "ffffffff", "chunked", ": "};
    try_mutations("bodies", seeds, words, [](const std::string& bytes) {
        RequestParser parser(limits);
        try {
            for (std::size_t at = 0; at < bytes.size(); at += 7) {
                parser.feed(std::string_view(bytes).substr(at, 7));
                while (parser.next()) {
                }
            }
        } catch (const HttpError& error) {
            REQUIRE(error.status >= 400);
        }
    });
}

TEST_CASE("after a body the connection goes on, and what was in the body is no request") {
    Talk talk(echo);
    const auto reply = talk.say(
        post("Content-Length: " + std::to_string(next_request.size()) + "\r\n", next_request));
    CHECK(reply.ends_with("\r\n\r\n" + next_request));
    CHECK_FALSE(talk.connection.finished());
}

TEST_CASE("a client that waits for a word before it sends the body gets that once") {
    Talk talk(echo);
    const auto head = post("Expect: 100-continue\r\nContent-Length: 2\r\n", "");
    CHECK(talk.say(head) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(talk.say("h").empty());
    CHECK(talk.say("i").ends_with("\r\n\r\nhi"));
}

TEST_CASE("a client that does not wait, has no body or speaks HTTP/1.0 gets no 100") {
    for (const std::string& bytes :
         {post("Expect: 100-continue\r\nContent-Length: 2\r\n", "hi"),
          post("Expect: 100-continue\r\n", ""),
          std::string("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")}) {
        CAPTURE(bytes);
        Talk talk(echo);
        CHECK(talk.say(bytes).find("100 Continue") == std::string::npos);
    }
}

TEST_CASE("a body that is refused is not asked for") {
    Talk talk(echo);
    const auto reply = talk.say(post("Expect: 100-continue\r\nContent-Length: 9999999\r\n", ""));
    CHECK(reply.starts_with("HTTP/1.1 413 "));
    CHECK(talk.connection.finished());
}

TEST_CASE("a head that took its time takes none from its body") {
    Talk talk(echo);
    talk.say("POST / HTTP/1.1\r\nHost: a\r\n");
    const auto head_deadline = talk.connection.deadline();
    talk.say("Content-Length: 5\r\n\r\n");
    CHECK(talk.connection.deadline() > head_deadline);
}

TEST_CASE("a body has ten seconds for each next piece") {
    Talk talk(echo);
    talk.say(post("Content-Length: 5\r\n", "h"));
    talk.say("e");
    CHECK(talk.connection.deadline() > Clock::now() + std::chrono::seconds(9));
    talk.connection.time_out();
    CHECK(talk.connection.take_output().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a body that was fast for a while has to stay so") {
    Talk talk(echo);
    talk.say(post("Content-Length: 9000\r\n", ""));
    const auto first = talk.connection.deadline();
    talk.say(std::string(6000, 'x'));
    const auto second = talk.connection.deadline();
    CHECK(second > first);
    talk.say("y");
    CHECK(talk.connection.deadline() == second);
}
