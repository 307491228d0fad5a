// connection.hpp on strings: what is answered, and when the conversation is over.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "connection.hpp"
#include "talk.hpp"

namespace {

Response answer(Request& request) {
    if (request.path == "/throw") throw std::runtime_error("the secret reason");
    if (request.path == "/throw-number") throw 42;
    if (request.path == "/http-error") throw HttpError(404, "not here");
    return Response::text(request.path);
}

const std::string request = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("a request is answered when its last byte has arrived, and not before") {
    Talk talk(answer);
    CHECK(talk.say(request.substr(0, request.size() - 1)).empty());
    CHECK_FALSE(talk.connection.finished());
    const auto reply = talk.say("\n");
    CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(reply.ends_with("\r\n\r\n/x"));
}

TEST_CASE("an error page shows the request that it answers, also where it is malformed") {
    for (const char* const line :
         {"GET /http-error HTTP/1.1", "GET /throw HTTP/1.1", "GET  HTTP"}) {
        Talk talk(answer);
        const auto reply = talk.say(line + std::string("\r\nHost: a\r\n\r\n"));
        CHECK(reply.find("<code>" + std::string(line) + "</code>") != std::string::npos);
    }
}

TEST_CASE("an empty line before a request, or instead of one, asks for no reply") {
    Talk before(answer);
    CHECK(before.say("\r\n" + request).starts_with("HTTP/1.1 200 OK\r\n"));
    Talk ends(answer), waits(answer);
    for (Talk* const talk : {&ends, &waits}) CHECK(talk->say("\r\n").empty());
    ends.connection.end_of_input();
    waits.connection.time_out();
    for (Talk* const talk : {&ends, &waits}) {
        CHECK(talk->listen().empty());
        CHECK(talk->connection.finished());
    }
}

TEST_CASE("after Connection: close the conversation is over") {
    Talk talk(answer);
    CHECK(talk.say(request + request).find("Connection: close\r\n") != std::string::npos);
    CHECK(talk.connection.finished());
    CHECK(talk.listen().empty());
}

TEST_CASE("every reply ends the conversation" * doctest::skip(LEVEL > 2) *
          doctest::description("level 3 keeps the connection open: see tests/level3")) {
    Talk talk(answer);
    const auto reply =
        talk.say("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(reply.find("Connection: close\r\n") != std::string::npos);
    CHECK(reply.find("/2") == std::string::npos);
    CHECK(talk.connection.finished());
}

TEST_CASE("a client that has ended the connection itself needs no goodbye") {
    for (const std::string& bytes : {request, std::string("GET /x HTTP/1.0\r\n\r\n")}) {
        Talk talk(answer);
        CHECK_FALSE(talk.connection.ended_by_client());
        CHECK(talk.say(bytes).starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(talk.connection.ended_by_client());
    }
    Talk silent(answer);
    silent.connection.end_of_input();
    CHECK(silent.connection.ended_by_client());
}

TEST_CASE("a goodbye is said after an error, when bytes are left, and when we decide to close") {
    for (const std::string& bytes :
         {std::string("GET /\x01 HTTP/1.0\r\n"), request + "more",
          std::string("POST /x HTTP/1.0\r\nContent-Length: 5\r\n\r\n"),
          std::string("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
          std::string("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")}) {
        Talk talk(answer);
        talk.say(bytes);
        CHECK_FALSE(talk.connection.ended_by_client());
    }
}

TEST_CASE("HEAD gets the head of the reply") {
    Talk talk(answer);
    const auto reply = talk.say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(reply.find("Content-Length: 2\r\n") != std::string::npos);
    CHECK(reply.ends_with("\r\n\r\n"));
}

TEST_CASE("whatever is wrong with a HEAD, its reply has no body") {
    for (const std::string& wrong :
         {std::string("HEAD / HTTP/2.0\r\n"), std::string("HEAD / HTTP/1.1x\r\n"),
          std::string("HEAD /a b HTTP/1.1\r\n"), std::string("HEAD no-slash HTTP/1.1\r\n"),
          "HEAD /" + std::string(9000, 'a'), std::string("HEAD / HTTP/1.1\r\nX : y\r\n")}) {
        CAPTURE(wrong);
        Talk talk(answer);
        const auto reply = talk.say(wrong);
        CHECK(reply.starts_with("HTTP/1.1 "));
        CHECK(reply.ends_with("\r\n\r\n"));
    }
}

TEST_CASE("what isn't a request is refused, and the conversation is over") {
    Talk talk(answer);
    const auto reply = talk.say("nonsense\r\n" + request);
    CHECK(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(reply.find("Connection: close\r\n") != std::string::npos);
    CHECK(reply.find("200 OK") == std::string::npos);
    CHECK(talk.connection.finished());
}

TEST_CASE("a handler's exception is a 500 that gives nothing away") {
    Talk talk(answer);
    const auto reply = talk.say("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(reply.starts_with("HTTP/1.1 500 "));
    CHECK(reply.find("secret") == std::string::npos);
}

TEST_CASE("a handler may throw what isn't an exception, and that is a 500 as well") {
    Talk talk(answer);
    const auto reply = talk.say("GET /throw-number HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(reply.starts_with("HTTP/1.1 500 "));
}

TEST_CASE("a handler may throw an HttpError") {
    Talk talk(answer);
    const auto reply = talk.say("GET /http-error HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(reply.starts_with("HTTP/1.1 404 "));
    CHECK(reply.find("not here") != std::string::npos);
}

TEST_CASE("a client that has begun a request and takes too long gets 408") {
    Talk talk(answer);
    CHECK(talk.say("GET").empty());
    talk.connection.time_out();
    CHECK(talk.listen().starts_with("HTTP/1.1 408 "));
    CHECK(talk.connection.finished());
}

TEST_CASE("a client that has said nothing is dropped without a reply") {
    Talk talk(answer);
    talk.connection.time_out();
    CHECK(talk.listen().empty());
    CHECK(talk.connection.finished());
}

TEST_CASE("a request that ends too early gets 400, and silence gets nothing") {
    Talk begun(answer);
    CHECK(begun.say("GET").empty());
    begun.connection.end_of_input();
    CHECK(begun.listen().starts_with("HTTP/1.1 400 "));

    Talk silent(answer);
    silent.connection.end_of_input();
    CHECK(silent.listen().empty());
    CHECK(silent.connection.finished());
}

TEST_CASE("a head has ten seconds in all, however slowly it trickles") {
    Talk talk(answer);
    talk.say("G");
    const auto deadline = talk.connection.deadline();
    CHECK(deadline <= Clock::now() + std::chrono::seconds(10));
    CHECK(deadline > Clock::now() + std::chrono::seconds(9));
    talk.say("ET / HT");
    CHECK(talk.connection.deadline() == deadline);
}

TEST_CASE("at a stop, a request that has begun may finish, and a silent client has no time left") {
    Talk begun(answer);
    begun.say("GET");
    begun.connection.stop();
    CHECK(begun.connection.deadline() > Clock::now() + std::chrono::seconds(5));

    Talk silent(answer);
    silent.connection.stop();
    CHECK(silent.connection.deadline() <= Clock::now());
}
