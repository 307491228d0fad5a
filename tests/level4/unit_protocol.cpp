// What takes a connection over after the head of a response: what the conversation passes on to it,
// and how a stream of unknown length goes over the wire.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/conversation.hpp"
#include "talk.hpp"

namespace {

// Notes which of its functions are called, and sends what a test wants it to send.
struct Recorder : Protocol {
    std::string events;
    std::vector<std::string> to_say;
    bool over = false;
    bool gone = false;
    std::function<void()> wake;
    Clock::time_point limit = Clock::now() + std::chrono::hours(1);

    void open(std::function<void()> wake_engine) override {
        events += "open ";
        wake = std::move(wake_engine);
    }
    void feed(std::string_view bytes) override {
        if (!bytes.empty()) events += "feed(" + std::string(bytes) + ") ";
    }
    void end_of_input() override { events += "end "; }
    std::string take_output() override {
        if (to_say.empty()) return "";
        const std::string first = to_say.front();
        to_say.erase(to_say.begin());
        return first;
    }
    bool finished() const override { return over; }
    bool dropped() const override { return gone; }
    Clock::time_point deadline() const override { return limit; }
    void time_out() override { events += "time_out "; }
    void stop() override { events += "stop "; }
};

// A conversation in which /switch is answered with 101, /stream with a stream, and every other path
// with a page.
struct RecordedTalk : TalkWith<Conversation> {
    std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();

    RecordedTalk()
        : TalkWith([this](Request& request) {
              const bool stream = request.path == "/stream";
              if (!stream && request.path != "/switch") return Response::text(request.path);
              Response response = stream ? Response{} : Response{101, {}, ""};
              response.protocol = recorder;
              return response;
          }) {}
};

std::string request(const std::string& path, const std::string& method = "GET",
                    const std::string& version = "HTTP/1.1") {
    return method + " " + path + " " + version + "\r\nHost: a\r\n\r\n";
}

// What follows the head.
std::string body_of(const std::string& reply) {
    return reply.substr(reply.find("\r\n\r\n") + 4);
}

bool has(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("after a 101 the protocol is opened, once, and its output follows the head") {
    RecordedTalk talk;
    talk.recorder->to_say = {"hello", "again"};
    talk.connection.feed(request("/switch"));
    const auto head = talk.connection.take_output();
    CHECK(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK_FALSE(has(head, "Transfer-Encoding"));
    CHECK_FALSE(has(head, "Content-Length"));
    CHECK_FALSE(has(head, "Connection: close"));
    CHECK(talk.connection.taken_over());
    CHECK(talk.recorder->events.empty());  // it must not speak before the head has been taken
    CHECK(talk.connection.take_output() == "hello");
    CHECK(talk.connection.take_output() == "again");
    CHECK(talk.connection.take_output().empty());
    CHECK(talk.recorder->events == "open ");
}

TEST_CASE("bytes that came together with the request reach the protocol before any others") {
    RecordedTalk talk;
    talk.say(request("/switch") + "early");
    CHECK(talk.recorder->events == "open feed(early) ");
    talk.say("late");
    CHECK(talk.recorder->events == "open feed(early) feed(late) ");
}

TEST_CASE("bytes that come while the head is on its way reach the protocol in their order") {
    RecordedTalk talk;
    talk.connection.feed(request("/switch") + "one ");
    talk.connection.take_output();
    talk.connection.feed("two");
    talk.listen();
    CHECK(talk.recorder->events == "open feed(one two) ");
}

TEST_CASE("bytes behind a request that switches are never taken for a request") {
    RecordedTalk talk;
    const auto output = talk.say(request("/switch") + request("/x"));
    CHECK(body_of(output).empty());
    CHECK(talk.recorder->events == "open feed(" + request("/x") + ") ");
}

TEST_CASE("replies to earlier requests go out before the protocol begins") {
    RecordedTalk talk;
    talk.recorder->to_say = {"hello"};
    const auto output = talk.say(request("/1") + request("/switch"));
    CHECK(output.find("/1") < output.find("101 Switching"));
    CHECK(output.find("101 Switching") < output.find("hello"));
}

TEST_CASE("a protocol is told how to wake the engine") {
    RecordedTalk talk;
    int wakes = 0;
    talk.connection.feed(request("/switch"));
    talk.connection.take_output();
    talk.connection.on_wake([&wakes] { ++wakes; });
    talk.connection.take_output();
    REQUIRE(talk.recorder->wake);
    talk.recorder->wake();
    CHECK(wakes == 1);
}

TEST_CASE("a protocol that has taken over decides on the deadline, on a stop and on the end") {
    RecordedTalk talk;
    talk.say(request("/switch"));
    CHECK(talk.connection.deadline() == talk.recorder->limit);
    talk.connection.time_out();
    talk.connection.stop();
    talk.connection.end_of_input();
    CHECK(talk.recorder->events == "open time_out stop end ");
    CHECK_FALSE(talk.connection.finished());
    CHECK_FALSE(talk.connection.dropped());
    talk.recorder->over = true;
    CHECK(talk.connection.finished());
    talk.recorder->gone = true;
    CHECK(talk.connection.dropped());
}

TEST_CASE("a protocol whose request comes just before a stop is told to stop") {
    RecordedTalk talk;
    const auto bytes = request("/switch");
    talk.say(bytes.substr(0, 10));
    talk.connection.stop();
    talk.say(bytes.substr(10));
    CHECK(talk.recorder->events == "open stop ");
}

TEST_CASE("a conversation without another protocol is neither taken over nor dropped") {
    RecordedTalk talk;
    talk.say(request("/x"));
    CHECK_FALSE(talk.connection.taken_over());
    CHECK_FALSE(talk.connection.dropped());
}

TEST_CASE("each piece of a stream goes out as a chunk, and the last chunk ends it") {
    RecordedTalk talk;
    talk.recorder->to_say = {"hello", std::string(26, 'x')};
    const auto first = talk.say(request("/stream"));
    CHECK(first.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(has(first, "Transfer-Encoding: chunked\r\n"));
    CHECK_FALSE(has(first, "Content-Length"));
    CHECK(body_of(first) == "5\r\nhello\r\n1a\r\n" + std::string(26, 'x') + "\r\n");
    CHECK(talk.listen().empty());  // an empty chunk would be the end (RFC 9112 §7.1)

    talk.recorder->to_say = {"bye"};
    talk.recorder->over = true;
    CHECK(talk.listen() == "3\r\nbye\r\n0\r\n\r\n");
    CHECK(talk.connection.finished());
    CHECK(talk.listen().empty());
}

TEST_CASE("Connection names Upgrade even if it also says close") {
    Talk talk([](Request&) {
        auto response = Response::error(426, "another protocol");
        response.headers.add("Upgrade", "websocket");
        response.headers.add("Connection", "Upgrade");
        return response;
    });
    const auto head = talk.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(head.find("\r\nConnection: Upgrade\r\n") != std::string::npos);
    CHECK(head.find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("a stream is the last reply of its connection, and says so") {
    RecordedTalk talk;
    const auto output = talk.say(request("/stream") + request("/x"));
    CHECK(has(output, "Connection: close\r\n"));
    CHECK_FALSE(has(output, "/x"));
}

TEST_CASE("HEAD of a stream gets its head, and no stream") {
    RecordedTalk talk;
    talk.recorder->to_say = {"hello"};
    const auto output = talk.say(request("/stream", "HEAD"));
    CHECK(has(output, "Transfer-Encoding: chunked\r\n"));
    CHECK_FALSE(has(output, "Content-Length"));
    CHECK(body_of(output).empty());
    CHECK(talk.recorder->events.empty());
    CHECK_FALSE(talk.connection.taken_over());
    CHECK(talk.connection.finished());
}

TEST_CASE("an HTTP/1.0 client gets a stream without chunks, up to the end of the connection") {
    RecordedTalk talk;
    talk.recorder->to_say = {"hello", "again"};
    const auto output = talk.say(request("/stream", "GET", "HTTP/1.0"));
    CHECK_FALSE(has(output, "Transfer-Encoding"));
    CHECK_FALSE(has(output, "Content-Length"));
    CHECK(has(output, "Connection: close\r\n"));
    CHECK(body_of(output) == "helloagain");
    talk.recorder->over = true;
    CHECK(talk.listen().empty());
    CHECK(talk.connection.finished());
}
