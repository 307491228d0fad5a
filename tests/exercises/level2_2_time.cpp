// Exercise 2-2: /time says what time it is. The contract is in level2/README.md.
#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "client.hpp"
#include "expect.hpp"
#include "text.hpp"

namespace {

// The time in a line such as "2026-11-21T11:51:02Z\n", in seconds since 1970; -1 if it isn't one.
std::time_t time_in(const std::string& body) {
    const std::string shape = "0000-00-00T00:00:00Z\n";
    if (body.size() != shape.size()) return -1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool digit = body[i] >= '0' && body[i] <= '9';
        if (shape[i] == '0' ? !digit : body[i] != shape[i]) return -1;
    }
    const auto number = [&](std::size_t at, std::size_t size) {
        return std::atoi(body.substr(at, size).c_str());
    };
    std::tm utc{};
    utc.tm_year = number(0, 4) - 1900;
    utc.tm_mon = number(5, 2) - 1;
    utc.tm_mday = number(8, 2);
    utc.tm_hour = number(11, 2);
    utc.tm_min = number(14, 2);
    utc.tm_sec = number(17, 2);
    return timegm(&utc);
}

// Asks for /time, and checks that it is the time now.
std::string expect_now(ServerProcess& server, Where where = Where::here()) {
    const std::time_t before = std::time(nullptr);
    const Exchange reply = exchange(get("/time"), server);
    const std::time_t after = std::time(nullptr);
    expect_status(reply, 200, {"there is such a page"}, where);
    const std::time_t shown = time_in(reply.reply.body);
    expect(shown >= before && shown <= after, reply,
           "the time now in UTC, in a line such as 2026-11-21T11:51:02Z", reply.reply.body,
           {"RFC 3339 §5.6: a time that the reader can't take for one in another zone",
            "std::time, gmtime_r and strftime, for each request anew"},
           where);
    return reply.reply.body;
}

}  // namespace

TEST_SUITE_BEGIN("exercise 2-2");

TEST_CASE("/time is one line of text with the time in UTC") {
    expect_now(shared_server());
    const Exchange reply = exchange(get("/time?zone=local"));
    expect_status(reply, 200, {"a query changes nothing"});
    expect_field(reply, "Content-Type", "text/plain; charset=utf-8",
                 {"SHOULD RFC 9110 §8.3: the line is text and no page"});
}

TEST_CASE("the time goes on") {
    const std::string first = expect_now(shared_server());
    std::string next = first;
    for (const double end = now() + 5; now() < end && next == first;) {
        let_pass(0.1);
        next = expect_now(shared_server());
    }
    expect_that(next != first, "another time within 5 s", "the same: " + first,
                {"the time is that of the request, not that of the start"});
}

TEST_CASE("the time is in UTC wherever the server stands") {
    ServerProcess server({.environment = {"TZ=JST-9"}});
    expect_now(server);
}

TEST_CASE("no cache may keep the time") {
    expect_field(exchange(get("/time")), "Cache-Control", "no-store",
                 {"RFC 9111 §5.2.2.5: what is kept would soon be wrong"});
}

TEST_CASE("HEAD gets the fields of /time, and POST is 405") {
    const Exchange head = exchange(request("HEAD", "/time"));
    expect_status(head, 200, {"MUST RFC 9110 §9.1: a page that has GET has HEAD as well"});
    expect_field(head, "Content-Length", "21", {"SHOULD RFC 9110 §9.3.2: the length of the line"});
    expect_one_reply_then_close(head, {"MUST RFC 9110 §9.3.2: HEAD has no body"});
    const Exchange post = exchange(request("POST", "/time"));
    expect_status(post, 405, {"the time can only be read"});
    expect_listed(post, "Allow", "GET", {"MUST RFC 9110 §15.5.6: a 405 says what is allowed"});
}

TEST_CASE("the home page links to /time") {
    expect_in_body(exchange(get("/")), "href=\"/time\"", {"or it would not be found"});
}

TEST_SUITE_END();
