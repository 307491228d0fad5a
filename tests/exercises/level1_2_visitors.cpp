// Exercise 1-2: the page counts its visitors. The contract is in level1/README.md.
#include <doctest/doctest.h>

#include <string>

#include "client.hpp"
#include "expect.hpp"

namespace {

void expect_number(ServerProcess& server, int number, const Reason& reason,
                   Where where = Where::here()) {
    const Exchange reply = exchange(get("/"), server);
    expect_status(reply, 200, {"each visitor gets the page"}, where);
    expect_in_body(reply, "You are visitor number " + std::to_string(number) + ".", reason, where);
    expect_field(reply, "Content-Length", std::to_string(reply.reply.body.size()),
                 {"MUST RFC 9110 §8.6: the number makes the page longer, and its length with it",
                  "put the page together first, and then count its bytes"},
                 where);
    expect_one_reply_then_close(reply, {"what follows the page is not part of it"}, where);
}

}  // namespace

TEST_SUITE_BEGIN("exercise 1-2");

TEST_CASE("the first visitor after the start is number 1, and the next one number 2") {
    ServerProcess server;
    expect_number(server, 1, {"a server that has just started has had no visitors"});
    expect_number(server, 2, {"each page that is sent counts"});
}

TEST_CASE("a visitor counts whatever page was asked for, and by whatever method") {
    ServerProcess server;
    int number = 0;
    for (const std::string& bytes :
         {get("/nowhere"), get("/?a=1"), request("POST", "/"), get("/", {"User-Agent: other"})}) {
        const Exchange reply = exchange(Script(bytes), server);
        expect_in_body(reply, "You are visitor number " + std::to_string(++number) + ".",
                       {"each page that is sent counts, and level 1 sends one to every client",
                        "count where the page is sent, without a look at the request"});
    }
}

TEST_CASE("the page is as long as it says when the number gets a second digit") {
    ServerProcess server;
    for (int number = 1; number <= 11; ++number)
        expect_number(server, number, {"each page that is sent counts"});
}

TEST_CASE("a client that leaves before its request has ended isn't counted") {
    ServerProcess server;
    expect_number(server, 1, {"the first one that asks for the page"});
    for (const char* beginning :
         {"", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n"})
        exchange(Script({beginning}, true), server);
    expect_number(server, 2,
                  {"browsers open connections that they don't use, and those are no visits",
                   "count where the page is sent, not where the client is accepted"});
}

TEST_CASE("another server counts for itself") {
    ServerProcess first;
    expect_number(first, 1, {"a server that has just started has had no visitors"});
    ServerProcess second;
    expect_number(second, 1, {"the count is the process's own, and not on the disk"});
}

TEST_SUITE_END();
