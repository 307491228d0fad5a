// Requests whose handlers have to wait: the engine takes them, and brings the responses back.
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

// A conversation in which every POST needs a worker. `answered` has the paths of the requests that
// were answered at once.
struct WorkerTalk : Talk {
    std::string answered;
    WorkerTest needs_worker = [](const Request& request) { return request.method == "POST"; };

    WorkerTalk()
        : Talk([this](Request& request) {
              answered += request.path;
              return Response::text("reply to " + request.path);
          }) {
        connection.use_workers_if(needs_worker);
    }

    // What the engine does once a worker has called the handler.
    void answer_job(const std::string& text) {
        const auto job = connection.take_job();
        REQUIRE(job != nullptr);
        connection.resume(*job, Response::text(text));
    }
};

}  // namespace

TEST_CASE("a request that needs a worker is handed to the engine complete, and not answered") {
    WorkerTalk talk;
    CHECK(talk.say(post("/slow", "the body")).empty());
    CHECK(talk.connection.with_worker());
    CHECK(talk.answered.empty());
    const auto job = talk.connection.take_job();
    REQUIRE(job != nullptr);
    CHECK(job->path == "/slow");
    CHECK(job->body == "the body");
    CHECK(job->peer == "test");
    CHECK(talk.connection.take_job() == nullptr);  // it is handed over only once
    CHECK(talk.connection.with_worker());
}

TEST_CASE("the response that the engine brings back is sent, and the conversation goes on") {
    WorkerTalk talk;
    talk.say(post("/slow", "x"));
    talk.answer_job("here it is");
    CHECK_FALSE(talk.connection.with_worker());
    CHECK(talk.listen().ends_with("\r\n\r\nhere it is"));
    CHECK_FALSE(talk.connection.finished());
    CHECK(talk.say(get("/next")).ends_with("reply to /next"));
}

TEST_CASE("replies keep the order of their requests around one that is with a worker") {
    WorkerTalk talk;
    const auto first =
        talk.say(get("/1") + post("/2", "x") + get("/3") + post("/4", "y") + get("/5"));
    CHECK(occurrences(first, "HTTP/1.1 200") == 1);
    CHECK(first.ends_with("reply to /1"));
    CHECK(talk.answered == "/1");  // what comes behind the one with a worker has to wait

    auto job = talk.connection.take_job();
    REQUIRE(job != nullptr);
    CHECK(job->path == "/2");
    talk.connection.resume(*job, Response::text("reply to /2"));
    const auto second = talk.listen();
    CHECK(occurrences(second, "HTTP/1.1 200") == 2);
    CHECK(second.find("reply to /2") < second.find("reply to /3"));
    CHECK(talk.answered == "/1/3");

    job = talk.connection.take_job();
    REQUIRE(job != nullptr);
    CHECK(job->path == "/4");
    talk.connection.resume(*job, Response::text("reply to /4"));
    const auto third = talk.listen();
    CHECK(third.find("reply to /4") < third.find("reply to /5"));
    CHECK(talk.answered == "/1/3/5");
}

TEST_CASE("bytes that come while a worker is busy are read afterwards, even if they are nonsense") {
    WorkerTalk talk;
    talk.say(post("/slow", "x"));
    CHECK(talk.say(get("/later") + "nonsense\r\n\r\n").empty());
    CHECK_FALSE(talk.connection.finished());
    talk.answer_job("first");
    const auto output = talk.listen();
    CHECK(output.find("first") < output.find("reply to /later"));
    CHECK(output.find("reply to /later") < output.find("HTTP/1.1 400"));
    CHECK(talk.connection.finished());
}

TEST_CASE("a request for a worker that says close gets the last reply") {
    WorkerTalk talk;
    talk.say("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get("/never"));
    CHECK_FALSE(talk.connection.finished());
    talk.answer_job("the last");
    CHECK(talk.connection.finished());
    const auto output = talk.listen();
    CHECK(output.find("Connection: close\r\n") != std::string::npos);
    CHECK(output.ends_with("the last"));
    CHECK(talk.answered.empty());
}

TEST_CASE("when the server stops, a response from a worker is still sent, as the last one") {
    WorkerTalk talk;
    talk.say(post("/slow", "x"));
    talk.connection.stop();
    CHECK_FALSE(talk.connection.finished());
    talk.answer_job("in time");
    const auto output = talk.listen();
    CHECK(output.find("Connection: close\r\n") != std::string::npos);
    CHECK(output.ends_with("in time"));
    CHECK(talk.connection.finished());
}

TEST_CASE("a client that has ended its side still gets the response from a worker") {
    WorkerTalk talk;
    talk.say(post("/slow", "x"));
    talk.connection.end_of_input();
    const auto job = talk.connection.take_job();
    REQUIRE(job != nullptr);
    CHECK(talk.connection.with_worker());
    talk.connection.resume(*job, Response::text("all the same"));
    CHECK(talk.listen().ends_with("all the same"));
    CHECK(talk.connection.finished());
}

TEST_CASE("after a response that took long the client has its full time until the next request") {
    WorkerTalk talk;
    talk.limits.request_head = std::chrono::seconds(0);  // as if the ten seconds were over
    talk.say(post("/slow", "x"));
    talk.answer_job("late");
    talk.listen();
    CHECK(talk.connection.deadline() > Clock::now() + std::chrono::seconds(4));
}

TEST_CASE("HEAD is also answered without a body by a worker") {
    WorkerTalk talk;
    const WorkerTest all = [](const Request&) { return true; };
    talk.connection.use_workers_if(all);
    talk.say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    talk.answer_job("four");
    const auto output = talk.listen();
    CHECK(output.find("Content-Length: 4\r\n") != std::string::npos);
    CHECK(output.ends_with("\r\n\r\n"));
}

TEST_CASE("without a test for workers every request is answered at once") {
    WorkerTalk talk;
    talk.connection.use_workers_if(WorkerTest());
    CHECK(talk.say(post("/x", "y")).ends_with("reply to /x"));
    CHECK(talk.connection.take_job() == nullptr);
}
