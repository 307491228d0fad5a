// Exercise 2-1: --idle SECONDS, a limit for clients that have not sent a byte. The contract is in
// level2/README.md.
#include <doctest/doctest.h>

#include <string>

#include "client.hpp"
#include "expect.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

// The server of this run with these arguments behind its own.
Launch with_arguments(const std::string& arguments) {
    return {.command = settings().server + " " + arguments};
}

}  // namespace

TEST_SUITE_BEGIN("exercise 2-1");

TEST_CASE("a client that says nothing is sent away after that many seconds, without a word" *
          doctest::timeout(30)) {
    ServerProcess server(with_arguments("--idle 1"));
    Client silent(server);
    const Exchange end = silent.read_to_end(8);
    expect_silent_close(end, {"it has begun no request, so there is none to answer",
                              "close the connection, and send no 408"});
    expect(end.seconds > 0.9 && end.seconds < 4, end, "the end of the connection after 1 s",
           std::to_string(end.seconds) + " s",
           {"the limit is the one that the command line names",
            "hand the number on to where the first deadline is made"});
}

TEST_CASE("a longer limit lets a client stay longer" * doctest::timeout(30)) {
    ServerProcess server(with_arguments("--idle 3"));
    Client silent(server);
    silent.receive_more(now() + 2.5);
    expect(silent.ending() == Ending::open, silent.so_far(), "a connection that is still open",
           "its end, after less than 2.5 s", {"it has three seconds"});
    expect_silent_close(silent.read_to_end(8), {"and no more than three"});
}

TEST_CASE("without the flag a silent client has ten seconds" * doctest::timeout(30) *
          doctest::description("control")) {
    ServerProcess server;
    Client silent(server);
    silent.receive_more(now() + 9);
    expect(silent.ending() == Ending::open, silent.so_far(), "a connection that is still open",
           "its end, after less than 9 s",
           {"a server that is started as before behaves as before"});
    expect_silent_close(silent.read_to_end(8), {"and no more than ten"});
}

TEST_CASE("a client that has begun its request in time gets the time for a whole head" *
          doctest::timeout(30)) {
    ServerProcess server(with_arguments("--idle 1"));
    Client slow(server);
    let_pass(0.5);
    slow.send("GET / HTTP/1.1\r\n");
    slow.receive_more(now() + 3);
    expect(slow.unread().empty() && slow.ending() == Ending::open, slow.so_far(),
           "a server that waits for the rest", "a reply, or the end of the connection",
           {"from its first byte on a client has ten seconds, as before",
            "the first byte begins another deadline"});
    slow.send("Host: localhost\r\n\r\n");
    expect_status(slow.read_to_end(), 200, {"the request is whole now"});
}

TEST_CASE("--idle=N is --idle N" * doctest::timeout(30)) {
    ServerProcess server(with_arguments("--idle=1"));
    Client silent(server);
    expect_silent_close(silent.read_to_end(4), {"it is the same flag, written another way"});
}

TEST_CASE("what isn't a number of seconds from 1 to 3600 is bad usage") {
    const ServerProcess starts(with_arguments("--idle 3600"));
    for (const char* arguments :
         {"--idle 0", "--idle -1", "--idle=", "--idle 1.5", "--idle soon", "--idle 10s",
          "--idle 3601", "--idle 99999999999999999999", "--idle"}) {
        Process refused(with_port(with_arguments(arguments).command, free_port()), {});
        refused.wait_for_end(20);
        expect_that(refused.exit_code() == 2 && contains(refused.output(), "--idle"),
                    "exit code 2, and a message about --idle",
                    refused.how_it_ended() + ", output: " + refused.output(),
                    {"a mistyped limit must not start a server with another one", arguments});
    }
}

TEST_CASE("--help has a line for --idle") {
    Process help(with_port(with_arguments("--help").command, free_port()), {});
    help.wait_for_end(20);
    expect_that(help.exit_code() == 0 && contains(help.output(), "--idle"),
                "exit code 0, and --idle with its default",
                help.how_it_ended() + ", output: " + help.output(),
                {"a flag that is not in the help is not found"});
}

TEST_SUITE_END();
