// What the program prints, and a server whose output is not read.
#include <doctest/doctest.h>

#include <string>

#include "client.hpp"
#include "expect.hpp"
#include "full_pipe.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

TEST_SUITE_BEGIN("level1 / program");

TEST_CASE("level 1 explains itself when it is asked to") {
    if (lacks_program() || outgrown(2, "later levels have flags, and a case of their own")) return;
    for (const char* flag : {"-h", "--help"}) {
        Process help("'" + settings().program + "' " + flag, {});
        help.wait_for_end(patience);
        expect_that(help.exit_code() == 0 && contains(help.output(), "PORT"),
                    "the usage, exit code 0", help.how_it_ended() + ", output: " + help.output(),
                    {"asking for help is not an error"});
    }
}

TEST_CASE("level 1 explains itself, and exits with 2, when it is called wrongly") {
    if (lacks_program() || outgrown(2, "later levels have flags, and a case of their own")) return;
    for (const char* arguments : {"0", "65536", "http", "9000x", "9000 9001", "''"}) {
        Process wrong("'" + settings().program + "' " + arguments, {});
        wrong.wait_for_end(patience);
        expect_that(wrong.exit_code() == 2 && contains(wrong.output(), "PORT"),
                    "the usage, exit code 2, after " + std::string(arguments),
                    wrong.how_it_ended() + ", output: " + wrong.output(),
                    {"a mistyped port must not start a server somewhere else"});
    }
}

TEST_CASE("a trace that is not read makes no client wait") {
    if (lacks_program()) return;
    FullPipe pipe;
    ServerProcess server({.before = pipe.redirection(), .environment = {"TRACE=1"}});
    pipe.fill();
    for (int i = 0; i < 3; ++i) {
        Exchange reply = exchange(get("/"), server);
        expect_status(reply, 200, {"a stopped terminal must not stop the server"});
        expect(reply.seconds < 1.0, reply, "a reply within a second",
               std::to_string(reply.seconds) + " s",
               {"the first line may wait for a moment, but later ones must be dropped"});
    }
}

TEST_SUITE_END();
