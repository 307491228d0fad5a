// The memory that all bodies share: who gets some, who waits, and when it comes back.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "body/body_budget.hpp"
#include "connection.hpp"
#include "handler.hpp"
#include "router.hpp"
#include "talk.hpp"

namespace {

constexpr std::size_t step = BodyBudget::step;

std::string head(std::size_t length, const std::string& fields = "") {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " + std::to_string(length) +
           "\r\n\r\n";
}

Response size_of(Request& request) {
    if (request.head_only) return {100, {}, ""};
    return Response::text(std::to_string(request.body.size()));
}

std::string get(std::size_t size) {
    return "GET /" + std::to_string(size) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

// As many bytes as the path says.
Response text_of(Request& request) {
    return Response::text(std::string(std::stoul(request.path.substr(1)), 'x'));
}

// A conversation whose body takes memory of a budget.
struct BodyTalk : Talk {
    explicit BodyTalk(BodyBudget& budget, Handler answer = size_of) : Talk(std::move(answer)) {
        limits.bodies = &budget;
    }

    // Says as much as the server wants to read, as an engine does. Returns how much that was.
    std::size_t say_wanted(std::size_t size) {
        std::size_t said = 0;
        while (said < size && connection.wants() > 0) {
            const auto piece = std::min(size - said, connection.wants());
            say(std::string(piece, 'x'));
            said += piece;
        }
        return said;
    }
};

// Takes all that there is, and is the one that gets more.
struct Hog {
    explicit Hog(BodyBudget& budget) : share(budget) { REQUIRE(share.cover(100 * step)); }
    BodyShare share;
};

}  // namespace

TEST_CASE("a body takes memory in steps of 64 KiB, and gives it back when it goes") {
    BodyBudget budget(3 * step);
    BodyShare first(budget);
    CHECK(first.cover(1));
    CHECK(first.bytes() == step);
    CHECK(first.cover(step));  // it has that already
    CHECK(first.bytes() == step);
    std::optional<BodyShare> second(budget);
    CHECK(second->cover(2 * step));
    BodyShare guest(budget);
    BodyShare third(budget);
    CHECK(guest.cover(1));
    CHECK_FALSE(third.cover(1));
    second.reset();
    CHECK(third.cover(1));
    CHECK_FALSE(third.cover(2 * step));
}

TEST_CASE("one body gets memory although there is none, and the next one when that has gone") {
    BodyBudget budget(step);
    BodyShare first(budget);
    std::optional<BodyShare> second(budget);
    BodyShare third(budget);
    REQUIRE(first.cover(step));
    CHECK(second->cover(10 * step));  // half a body that can't go on would hold its memory for ever
    CHECK_FALSE(third.cover(1));
    CHECK_FALSE(first.cover(2 * step));
    second.reset();
    CHECK(third.cover(1));
}

TEST_CASE("there is memory for two bodies of any size, and 64 MiB at least") {
    CHECK(BodyBudget::for_bodies_of(0) == 64 << 20);
    CHECK(BodyBudget::for_bodies_of(32 << 20) == 64 << 20);
    CHECK(BodyBudget::for_bodies_of(33 << 20) == 66 << 20);
    CHECK(BodyBudget::for_bodies_of(UINT64_MAX) > UINT64_MAX / 2);
}

TEST_CASE("a body without memory is not read, and is read on when another body has gone") {
    BodyBudget budget(2 * step);
    std::optional<Hog> hog(budget);
    BodyTalk talk(budget);
    talk.say(head(3 * step));
    const std::size_t said = talk.say_wanted(3 * step);
    CHECK(said < 10'000);
    CHECK(talk.connection.wants() == 0);
    talk.connection.time_out();  // it is time to look again
    CHECK(talk.listen().empty());
    CHECK(talk.connection.wants() == 0);
    CHECK_FALSE(talk.connection.finished());
    hog.reset();
    talk.connection.time_out();
    CHECK(talk.listen().empty());
    CHECK(talk.connection.wants() > 0);
    talk.say_wanted(3 * step - said - 1);
    CHECK(talk.say("x").ends_with("\r\n\r\n196608"));
}

TEST_CASE("a body that has begun stops where its memory ends") {
    BodyBudget budget(3 * step);
    BodyTalk talk(budget);
    talk.say(head(10 * step) + std::string(5000, 'x'));
    const Hog hog(budget);
    CHECK(talk.say_wanted(10 * step) == step - 5000);
    CHECK(talk.connection.wants() == 0);
}

TEST_CASE("after five seconds without memory a body is refused, and nothing of it is kept") {
    BodyBudget budget(2 * step);
    BodyTalk talk(budget);
    talk.limits.room = std::chrono::seconds(0);  // as if they were over
    const Hog hog(budget);
    talk.say(head(9000) + std::string(5000, 'x'));
    REQUIRE(talk.connection.wants() == 0);
    CHECK(talk.connection.deadline() <= Clock::now() + std::chrono::seconds(1));
    talk.connection.time_out();
    const auto reply = talk.listen();
    CHECK(reply.starts_with("HTTP/1.1 503 "));
    CHECK(reply.find("\r\nRetry-After: ") != std::string::npos);
    CHECK(talk.connection.finished());
}

TEST_CASE("time in which a body waits for memory does not count against its client") {
    BodyBudget budget(step);
    std::optional<Hog> hog(budget);
    BodyTalk talk(budget);
    talk.limits.body_slow = std::chrono::seconds(0);  // as if ten seconds had passed meanwhile
    talk.say(head(9000) + std::string(5000, 'x'));
    REQUIRE(talk.connection.wants() == 0);
    talk.limits.body_slow = std::chrono::seconds(10);
    hog.reset();
    talk.connection.time_out();
    talk.listen();
    CHECK(talk.connection.deadline() > Clock::now() + std::chrono::seconds(9));
}

TEST_CASE("a short body needs none of the memory for bodies") {
    BodyBudget budget(step);
    const Hog hog(budget);
    BodyTalk talk(budget);
    CHECK(talk.say(head(5, "Expect: 100-continue\r\n")) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(talk.say("hello").ends_with("\r\n\r\n5"));
    CHECK(talk.say(head(4000) + std::string(4000, 'x')).ends_with("\r\n\r\n4000"));
}

TEST_CASE("a thousand bodies of a byte each leave memory for others") {
    BodyBudget budget(2 * step);
    std::vector<std::unique_ptr<BodyTalk>> talks;
    for (int i = 0; i < 1000; ++i) {
        talks.push_back(std::make_unique<BodyTalk>(budget));
        talks.back()->say(head(9000) + "x");
    }
    CHECK(talks.front()->say_wanted(8998) == 8998);
    CHECK(talks.front()->say("x").ends_with("\r\n\r\n9000"));
}

TEST_CASE("a long reply takes memory until it has been sent, and is 503 where there is none") {
    BodyBudget budget(2 * step);
    BodyTalk first(budget, text_of);
    BodyTalk second(budget, text_of);
    first.connection.feed(get(2 * step));
    REQUIRE(first.connection.take_output().starts_with("HTTP/1.1 200 "));
    {
        const Hog hog(budget);  // gets more than there is, as one may
        const auto refusal = second.say(get(2 * step));
        CHECK(refusal.starts_with("HTTP/1.1 503 "));
        CHECK(refusal.find("\r\nRetry-After: ") != std::string::npos);
        CHECK(second.say(get(10)).starts_with("HTTP/1.1 200 "));
    }
    CHECK_FALSE(second.say(get(2 * step)).starts_with("HTTP/1.1 503 "));
    BodyShare other(budget);
    BodyShare guest(budget);
    REQUIRE(guest.cover(1));
    CHECK_FALSE(other.cover(1));
    CHECK(first.connection.take_output().empty());  // asked for when all of it has been sent
    CHECK(other.cover(1));
}

TEST_CASE("a long reply that is refused leaves none of its memory behind") {
    BodyBudget budget(step);
    const Hog hog(budget);
    Limits limits;
    limits.bodies = &budget;
    const Handler handler = [](Request&) { return Response::text(std::string(2 * step, 'x')); };
    Request request;
    std::shared_ptr<BodyShare> share;
    const Response response = answer_within_memory(handler, request, limits, share);
    REQUIRE(response.status == 503);
    CHECK(response.body.capacity() < 1000);
}

TEST_CASE("a long reply that is refused is one that middleware sees, and no route's handler") {
    BodyBudget budget(step);
    const Hog hog(budget);
    Limits limits;
    limits.bodies = &budget;
    Router router;
    int answers = 0;
    router.get("/", [&](const Request&) {
        ++answers;
        return Response::text(std::string(2 * step, 'x'));
    });
    const Middleware marks = [](Request& request, const Next& next) {
        Response response = next(request);
        response.headers.add("Mark", std::to_string(response.status));
        return response;
    };
    const Handler handler = wrap({marks}, [&](Request& request) { return router.handle(request); });
    Request request;
    request.method = "GET";
    request.path = "/";
    std::shared_ptr<BodyShare> share;
    const Response response = answer_within_memory(handler, request, limits, share);
    CHECK(response.status == 503);
    REQUIRE(response.headers.find("Mark") != nullptr);
    CHECK(*response.headers.find("Mark") == "503");
    CHECK(answers == 1);
}

TEST_CASE("a request without a body is answered when there is no memory for bodies") {
    BodyBudget budget(step);
    const Hog hog(budget);
    BodyTalk talk(budget);
    CHECK(talk.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 200 "));
    CHECK(talk.say(head(0)).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a body keeps its memory while a worker has it, and gives it back with the reply") {
    BodyBudget budget(2 * step);
    BodyTalk talk(budget);
    const WorkerTest all = [](const Request&) { return true; };
    talk.connection.use_workers_if(all);
    talk.say(head(2 * step));
    talk.say_wanted(2 * step);
    auto job = talk.connection.take_job();
    REQUIRE(job != nullptr);
    BodyShare guest(budget);
    BodyShare other(budget);
    REQUIRE(guest.cover(1));
    CHECK_FALSE(other.cover(1));
    talk.connection.resume(*job, Response::text("done"));
    job.reset();
    CHECK(talk.listen().ends_with("done"));
    CHECK(other.cover(1));
}

TEST_CASE("a body that is refused half way gives its memory back at once") {
    BodyBudget budget(step);
    BodyTalk talk(budget);
    talk.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" +
             std::string(5000, 'x') + "\r\n");
    CHECK(talk.say("no size\r\n").starts_with("HTTP/1.1 400 "));
    BodyShare guest(budget);
    REQUIRE(guest.cover(step));  // all of it
    BodyShare other(budget);
    CHECK(other.cover(1));  // as the guest, because the first one found enough
}

TEST_CASE("little of the next request is read with a body") {
    BodyBudget budget(2 * step);
    BodyTalk talk(budget);
    talk.say(head(5));
    CHECK(talk.connection.wants() < 5000);
    CHECK(talk.connection.wants() >= 5);
}

TEST_CASE("a body's memory is given back when its reply, which may be as long, has been sent") {
    BodyBudget budget(2 * step);
    BodyTalk talk(budget);
    talk.connection.feed(head(step + 1));
    talk.connection.feed(std::string(step + 1, 'x'));
    REQUIRE(talk.connection.take_output().ends_with(std::to_string(step + 1)));
    BodyShare guest(budget);
    BodyShare other(budget);
    REQUIRE(guest.cover(1));
    CHECK_FALSE(other.cover(1));
    CHECK(talk.connection.take_output().empty());  // asked for when all of the reply has been sent
    CHECK(other.cover(1));
}
