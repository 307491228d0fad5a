// Exercise 2-3: a Server-Timing field on every reply. The contract is in level2/README.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "client.hpp"
#include "expect.hpp"
#include "text.hpp"

namespace {

// The milliseconds in "app;dur=0.123"; -1 if the value isn't of this form.
double milliseconds_in(const std::string& value) {
    const std::string start = "app;dur=";
    if (!value.starts_with(start)) return -1;
    const std::string number = value.substr(start.size());
    const std::size_t dot = number.find('.');
    const bool has_form = dot != std::string::npos && dot > 0 && number.size() == dot + 4 &&
                          number.find_first_not_of("0123456789.") == std::string::npos &&
                          number.rfind('.') == dot;
    return has_form ? std::atof(number.c_str()) : -1;
}

// Checks that the field is there, once, in its form, and returns what it says.
double expect_timing(const Exchange& reply, Where where = Where::here()) {
    const std::string value = reply.reply.value("Server-Timing");
    const double milliseconds = milliseconds_in(value);
    expect(reply.reply.count("Server-Timing") == 1 && milliseconds >= 0, reply,
           "Server-Timing: app;dur=0.123, once", "Server-Timing: " + value,
           {"a metric named app, in milliseconds with three decimals (W3C Server Timing)",
            "add it where all replies are put together, and not in each handler"},
           where);
    return milliseconds;
}

}  // namespace

TEST_SUITE_BEGIN("exercise 2-3");

TEST_CASE("every reply to a request says once how long it took") {
    for (const std::string& bytes :
         {get("/"), get("/hello?name=Ada"), get("/echo"), get("/nowhere"), request("HEAD", "/"),
          request("POST", "/"), request("BREW", "/"), get("/", {"Server-Timing: app;dur=1"})})
        expect_timing(exchange(bytes));
}

TEST_CASE("a reply to bytes that aren't a request has the field as well") {
    for (const char* bytes : {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                              "GET / HTTP/3.0\r\nHost: localhost\r\n\r\n"}) {
        const Exchange reply = exchange(bytes);
        expect_status(reply, {400, 505}, {"it is refused, as before"});
        expect_timing(reply);
    }
}

TEST_CASE("the time is no longer than the client has waited") {
    for (int i = 0; i < 10; ++i) {
        const Exchange reply = exchange(get("/hello?name=Ada"));
        const double milliseconds = expect_timing(reply);
        expect(milliseconds <= reply.seconds * 1000, reply,
               "at most " + std::to_string(reply.seconds * 1000) + " ms",
               std::to_string(milliseconds) + " ms",
               {"W3C Server Timing: dur counts milliseconds, not seconds or microseconds"});
    }
}

TEST_CASE("waiting for the client's bytes doesn't count") {
    Client slow;
    slow.send("GET / HTTP/1.1\r\nHost: localhost\r\n");
    let_pass(1);
    slow.send("\r\n");
    const Exchange reply = slow.read_to_end();
    expect(expect_timing(reply) < 500, reply, "less than 500 ms",
           reply.reply.value("Server-Timing"),
           {"the field says how long the server has worked",
            "begin to count when the request is whole"});
}

TEST_CASE("the handler's time counts") {
    // The shortest of many, because whatever else runs on this machine makes some take longer.
    const auto shortest = [](const std::string& bytes) {
        double least = 1000;
        for (int i = 0; i < 30; ++i) least = std::min(least, expect_timing(exchange(bytes)));
        return least;
    };
    const double light = shortest(get("/nowhere"));
    const double heavy = shortest(get("/hello?name=" + std::string(7000, '<')));
    expect_that(heavy > 0.005 + 4 * light,
                "a page with 7,000 characters to escape takes far longer than a short one",
                std::to_string(heavy) + " ms and " + std::to_string(light) + " ms",
                {"the field says how long the server has worked, and most of that is the handler",
                 "take the time when the request is whole, before the handler is called"});
}

TEST_CASE("the time is measured anew for each reply") {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        const Exchange reply = exchange(get("/hello?name=" + std::string(5000, '<')));
        expect_timing(reply);
        seen.insert(reply.reply.value("Server-Timing"));
    }
    expect_that(seen.size() > 1, "different times for fifty replies", "always " + *seen.begin(),
                {"no two replies take the same number of microseconds for long"});
}

TEST_SUITE_END();
