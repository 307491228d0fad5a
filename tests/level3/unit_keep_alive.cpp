// What level 3 adds to a conversation: more than one request, and files.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "connection.hpp"
#include "talk.hpp"

namespace {

Response answer(Request& request) {
    if (request.path == "/file") {
        Response response = Response::text("");
        response.file = FileSlice{nullptr, 5, 70};
        return response;
    }
    if (request.path == "/large") return Response::text(std::string(50'000, 'x'));
    return Response::text(request.path);
}

std::string get(const std::string& path, const std::string& fields = "", int minor = 1) {
    return "GET " + path + " HTTP/1." + std::to_string(minor) + "\r\nHost: a\r\n" + fields + "\r\n";
}

std::size_t replies_in(std::string_view bytes) {
    std::size_t count = 0;
    for (auto at = bytes.find("HTTP/1.1 "); at != std::string_view::npos;
         at = bytes.find("HTTP/1.1 ", at + 1)) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("HTTP/1.1 keeps the connection open, unless one side says close") {
    Talk talk(answer);
    CHECK(talk.say(get("/1")).ends_with("/1"));
    CHECK_FALSE(talk.connection.finished());
    CHECK(talk.say(get("/2", "Connection: TE, Close\r\n")).find("Connection: close") !=
          std::string::npos);
    CHECK(talk.connection.finished());
}

TEST_CASE("HTTP/1.0 keeps the connection open only if asked to, and says so") {
    Talk asked(answer);
    CHECK(asked.say(get("/1", "Connection: Keep-Alive\r\n", 0)).find("Connection: keep-alive") !=
          std::string::npos);
    CHECK_FALSE(asked.connection.finished());

    Talk not_asked(answer);
    not_asked.say(get("/1", "", 0));
    CHECK(not_asked.connection.finished());
}

TEST_CASE("a connection that is kept says for how long") {
    Talk talk(answer);
    const auto kept = talk.say(get("/1"));
    CHECK(kept.find("\r\nKeep-Alive: timeout=5\r\n") != std::string::npos);
    CHECK(kept.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
    CHECK(talk.say(get("/2", "Connection: close\r\n")).find("Keep-Alive") == std::string::npos);
}

TEST_CASE("small replies to requests that arrived together go out together, in order") {
    Talk talk(answer);
    const auto output = talk.say(get("/1") + get("/2") + get("/3"));
    CHECK(replies_in(output) == 3);
    CHECK(output.find("/1") < output.find("/2"));
    CHECK(output.find("/2") < output.find("/3"));
}

TEST_CASE("a client that asks for much and reads nothing costs about one batch of memory") {
    Talk talk(answer);
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += get("/large");
    talk.connection.feed(requests);
    CHECK(talk.connection.take_output().size() < 200'000);
}

TEST_CASE("a body ends the conversation, and its bytes are never a request" *
          doctest::skip(LEVEL > 3) *
          doctest::description("level 4 reads the body: see tests/level4")) {
    const std::string smuggled = get("/smuggled");
    for (const auto& framing : {"Content-Length: " + std::to_string(smuggled.size()) + "\r\n",
                                std::string("Transfer-Encoding: chunked\r\n")}) {
        Talk talk(answer);
        const auto output = talk.say(get("/1", framing) + smuggled);
        CHECK(replies_in(output) == 1);
        CHECK(output.find("Connection: close") != std::string::npos);
        CHECK(talk.connection.finished());
    }
}

TEST_CASE("after bytes that aren't a request there is no further reply") {
    Talk talk(answer);
    CHECK(replies_in(talk.say(get("/1") + "nonsense\r\n" + get("/2"))) == 2);
    CHECK(talk.connection.finished());
}

TEST_CASE("the thousandth reply is the last, and says so") {
    Talk talk(answer);
    std::string last;
    for (int i = 0; i < 1000; ++i) {
        REQUIRE_FALSE(talk.connection.finished());
        last = talk.say(get("/1"));
    }
    CHECK(last.find("Connection: close") != std::string::npos);
    CHECK(talk.connection.finished());
}

TEST_CASE("a client has five seconds between two requests, and ten within one") {
    Talk talk(answer);
    talk.say(get("/1"));
    CHECK(talk.connection.deadline() < Clock::now() + std::chrono::seconds(6));
    talk.connection.feed("G");
    CHECK(talk.connection.deadline() > Clock::now() + std::chrono::seconds(9));
}

TEST_CASE("when the server stops, the next reply is the last") {
    Talk talk(answer);
    talk.say("GET /1 HT");
    talk.connection.stop();
    const auto output = talk.say("TP/1.1\r\nHost: a\r\n\r\n");
    CHECK(output.find("Connection: close") != std::string::npos);
    CHECK(talk.connection.finished());
}

TEST_CASE("a file follows its head, and the next reply follows the file") {
    Talk talk(answer);
    const auto head = talk.say(get("/file") + get("/2"));
    CHECK(head.find("Content-Length: 70\r\n") != std::string::npos);
    CHECK(replies_in(head) == 1);
    const auto file = talk.connection.take_file();
    REQUIRE(file.has_value());
    CHECK(file->offset == 5);
    CHECK(file->length == 70);
    CHECK(talk.connection.take_output().ends_with("/2"));
    CHECK_FALSE(talk.connection.take_file().has_value());
}

TEST_CASE("HEAD of a file has its length and sends no file") {
    Talk talk(answer);
    CHECK(talk.say("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n").find("Content-Length: 70\r\n") !=
          std::string::npos);
    CHECK_FALSE(talk.connection.take_file().has_value());
}
