// A log and error messages that are not read, with many threads that write them.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "full_pipe.hpp"
#include "reporter.hpp"
#include "text.hpp"

TEST_SUITE_BEGIN("level2 / program");

TEST_CASE("a log that is not read makes no client wait, however long its lines are") {
    if (lacks_program()) return;
    for (const char* trace : {"TRACE=0", "TRACE=1"}) {
        FullPipe pipe;
        ServerProcess server({.before = pipe.redirection(), .environment = {trace}});
        pipe.fill();
        std::vector<Client> crowd;
        for (int i = 0; i < 64; ++i) {
            crowd.emplace_back(server);
            crowd.back().send(get("/hello?name=" + std::string(3000, 'x')));
        }
        // Now their threads wait for room, as they may for 100 ms. There is some for one at a time.
        for (int i = 0; i < 12; ++i) {
            let_pass(0.005);
            pipe.make_little_room();
        }
        for (Client& client : crowd) {
            expect_status(client.read_to_end(), 200,
                          {"a stopped terminal must not stop the server"});
        }
        Exchange reply = exchange(get("/hello"), server);
        expect_status(reply, 200, {"a stopped terminal must not stop the server"});
        expect(reply.seconds < 1.0, reply, "a reply within a second",
               std::to_string(reply.seconds) + " s",
               {"two threads may both see the last free place in a pipe, and then one hangs"});
    }
}

TEST_CASE("lines that were lost are counted once there is room again") {
    if (lacks_program()) return;
    FullPipe pipe;
    ServerProcess server({.before = pipe.redirection()});
    pipe.fill();
    // This is longer than the first line waits for room.
    const std::string lost = "/lost" + std::string(12, 'x');  // 39 such lines are 4,095 bytes
    for (const double end = now() + 0.5; now() < end;) exchange(get(lost), server);
    std::string printed = pipe.drain();
    for (int i = 0; i < 100 && !contains(printed, "/found"); ++i) {
        exchange(get("/found"), server);
        let_pass(0.02);
        printed += pipe.drain();
    }
    expect_that(
        contains(printed, "lines were lost"), "a line that says how many were lost",
        visible(printed.substr(printed.size() - std::min<std::size_t>(printed.size(), 500))),
        {"a gap in a log must show"});
    for (std::string_view rest = printed; !rest.empty();) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) break;  // the rest of it is still to come
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (contains(line, "\"GET"))
            expect_that(line.ends_with(lost) || line.ends_with("/found"),
                        "whole lines, up to the reason for the 404", visible(line),
                        {"half a line is neither read nor counted"});
    }
}

TEST_SUITE_END();
