// Requests whose handlers have to wait: the engine takes them, and brings their responses back.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "bytes.hpp"
#include "connection.hpp"
#include "talk.hpp"

namespace {

std::string get(const std::string& path, const std::string& fields = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& path, const std::string& body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

// A conversation in which every POST is deferred. `answered` are the paths that were answered at
// once.
struct DeferringTalk : Talk {
    std::string answered;
    WorkerTest needs_worker = [](const Request& request) { return request.method == "POST"; };

    DeferringTalk()
        : Talk([this](Request& request) {
              answered += request.path;
              return Response::text("reply to " + request.path);
          }) {
        connection.use_workers_if(needs_worker);
    }

    // As the engine does once a worker has called the handler.
    void answer_deferred(const std::string& text) {
        const auto deferred = connection.take_job();
        REQUIRE(deferred != nullptr);
        connection.resume(*deferred, Response::text(text));
    }
};

}  // namespace

TEST_CASE("a request that has to wait is handed to the engine whole, and not answered") {
    DeferringTalk talk;
    CHECK(talk.say(post("/slow", "the body")).empty());
    CHECK(talk.connection.with_worker());
    CHECK(talk.answered.empty());
    const auto deferred = talk.connection.take_job();
    REQUIRE(deferred != nullptr);
    CHECK(deferred->request.path == "/slow");
    CHECK(deferred->request.body == "the body");
    CHECK(deferred->request.peer == "test");
    CHECK(talk.connection.take_job() == nullptr);  // it is handed over once
    CHECK(talk.connection.with_worker());
}

TEST_CASE("the response that the engine brings back goes out, and the conversation goes on") {
    DeferringTalk talk;
    talk.say(post("/slow", "x"));
    talk.answer_deferred("here it is");
    CHECK_FALSE(talk.connection.with_worker());
    CHECK(talk.listen().ends_with("\r\n\r\nhere it is"));
    CHECK_FALSE(talk.connection.finished());
    CHECK(talk.say(get("/next")).ends_with("reply to /next"));
}

TEST_CASE("replies keep the order of their requests around one that waits") {
    DeferringTalk talk;
    const auto first =
        talk.say(get("/1") + post("/2", "x") + get("/3") + post("/4", "y") + get("/5"));
    CHECK(occurrences(first, "HTTP/1.1 200") == 1);
    CHECK(first.ends_with("reply to /1"));
    CHECK(talk.answered == "/1");  // nothing behind the one that waits was answered, however quick

    auto deferred = talk.connection.take_job();
    REQUIRE(deferred != nullptr);
    CHECK(deferred->request.path == "/2");
    talk.connection.resume(*deferred, Response::text("reply to /2"));
    const auto second = talk.listen();
    CHECK(occurrences(second, "HTTP/1.1 200") == 2);
    CHECK(second.find("reply to /2") < second.find("reply to /3"));
    CHECK(talk.answered == "/1/3");

    deferred = talk.connection.take_job();
    REQUIRE(deferred != nullptr);
    CHECK(deferred->request.path == "/4");
    talk.connection.resume(*deferred, Response::text("reply to /4"));
    const auto third = talk.listen();
    CHECK(third.find("reply to /4") < third.find("reply to /5"));
    CHECK(talk.answered == "/1/3/5");
}

TEST_CASE("what comes while a response is awaited is kept for later, even if it is no request") {
    DeferringTalk talk;
    talk.say(post("/slow", "x"));
    CHECK(talk.say(get("/later") + "nonsense\r\n\r\n").empty());
    CHECK_FALSE(talk.connection.finished());
    talk.answer_deferred("first");
    const auto output = talk.listen();
    CHECK(output.find("first") < output.find("reply to /later"));
    CHECK(output.find("reply to /later") < output.find("HTTP/1.1 400"));
    CHECK(talk.connection.finished());
}

TEST_CASE("a deferred request that says close gets the last reply") {
    DeferringTalk talk;
    talk.say("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get("/never"));
    CHECK_FALSE(talk.connection.finished());
    talk.answer_deferred("the last");
    CHECK(talk.connection.finished());
    const auto output = talk.listen();
    CHECK(output.find("Connection: close\r\n") != std::string::npos);
    CHECK(output.ends_with("the last"));
    CHECK(talk.answered.empty());
}

TEST_CASE("when the server stops, a response that is awaited still goes out, as the last one") {
    DeferringTalk talk;
    talk.say(post("/slow", "x"));
    talk.connection.stop();
    CHECK_FALSE(talk.connection.finished());
    talk.answer_deferred("in time");
    const auto output = talk.listen();
    CHECK(output.find("Connection: close\r\n") != std::string::npos);
    CHECK(output.ends_with("in time"));
    CHECK(talk.connection.finished());
}

TEST_CASE("a client that has sent all it wanted to gets the response that is awaited") {
    DeferringTalk talk;
    talk.say(post("/slow", "x"));
    talk.connection.end_of_input();
    const auto deferred = talk.connection.take_job();
    REQUIRE(deferred != nullptr);
    CHECK(talk.connection.with_worker());
    talk.connection.resume(*deferred, Response::text("all the same"));
    CHECK(talk.listen().ends_with("all the same"));
    CHECK(talk.connection.finished());
}

TEST_CASE("after a response that took long the client has its time between requests anew") {
    DeferringTalk talk;
    talk.limits.request_head = std::chrono::seconds(0);  // as if the ten seconds were over
    talk.say(post("/slow", "x"));
    talk.answer_deferred("late");
    talk.listen();
    CHECK(talk.connection.deadline() > Clock::now() + std::chrono::seconds(4));
}

TEST_CASE("HEAD is answered without a body, also when it was deferred") {
    DeferringTalk talk;
    const WorkerTest all = [](const Request&) { return true; };
    talk.connection.use_workers_if(all);
    talk.say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    talk.answer_deferred("four");
    const auto output = talk.listen();
    CHECK(output.find("Content-Length: 4\r\n") != std::string::npos);
    CHECK(output.ends_with("\r\n\r\n"));
}

TEST_CASE("without a test every request is answered at once") {
    DeferringTalk talk;
    talk.connection.use_workers_if(WorkerTest());
    CHECK(talk.say(post("/x", "y")).ends_with("reply to /x"));
    CHECK(talk.connection.take_job() == nullptr);
}
