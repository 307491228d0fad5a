// Many clients at once, and clients that behave badly: slow ones, silent ones, ones that vanish.
// Also how the server stops, and what it does when it has no descriptors left.
#include <doctest/doctest.h>
#include <signal.h>

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "leak_check.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "slow_clients.hpp"

namespace {

const std::string first_half = "GET /hello?name=";

constexpr double long_enough = 20.0;  // on a machine that has much else to do

std::string second_half(const std::string& name) {
    return name + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

// Once a later client has been answered, the server has also accepted the earlier ones. A few
// rounds give it the time to read what they have sent.
void let_server_accept_all(ServerProcess& server) {
    for (int round = 0; round < 5; ++round)
        expect_status(exchange(get("/"), server), 200,
                      {"clients are served side by side",
                       "if it doesn't answer, an earlier client that has sent half a request may "
                       "still be waited for"});
}

}  // namespace

TEST_SUITE_BEGIN("level2 / 7 many clients");

TEST_CASE("clients that say nothing don't hold up the others") {
    std::vector<Client> silent(30);
    Exchange reply = exchange(get("/about"));
    expect_status(reply, 200,
                  {"each client has a conversation of its own",
                   "serve each connection in a thread, or wait for all with poll()"});
    expect(reply.seconds < 3.0, reply, "a reply within 3 s", std::to_string(reply.seconds) + " s",
           {"it must not wait until other clients have timed out"});
}

TEST_CASE("connections are answered in the reverse of the order in which they were opened") {
    std::vector<Client> clients(20);
    for (Client& client : clients) client.send(first_half);
    for (std::size_t i = clients.size(); i-- > 0;) {
        std::string name = "client" + std::to_string(i);
        clients[i].send(second_half(name));
        Exchange reply = clients[i].read_to_end();
        expect_status(reply, 200,
                      {"half a request must not hold up a whole one",
                       "a recv() for one client must not block the others"});
        expect_shown(reply, name, {"each client gets the reply to its own request"});
    }
}

TEST_CASE("50 connections at once are accepted without delay") {
    ServerProcess server;
    expect_status(exchange(get("/"), server), 200, {"one client comes before 50"});
    const std::size_t accepted = connections_at_once(server, 50, 0.5);
    expect_that(
        accepted == 50, "50 connections, each accepted within half a second",
        "no answer to one after " + std::to_string(accepted),
        {"the kernel accepts connections up to the backlog, and drops the client's SYN beyond "
         "that. The client sends it again after a second, then after three",
         "listen(fd, SOMAXCONN)"});
    expect_status(exchange(get("/"), server), 200, {"the 50 have left, so it serves as before"});
}

TEST_CASE("200 clients at once all get their own reply") {
    expect_status(exchange(get("/hello?name=one")), 200, {"one client comes before 200"});
    std::vector<Client> clients(200);
    for (Client& client : clients) client.send(first_half);
    for (std::size_t i = 0; i < clients.size(); ++i)
        clients[i].send(second_half("client" + std::to_string(i)));
    for (std::size_t i = 0; i < clients.size(); ++i) {
        Exchange reply = clients[i].read_to_end();
        expect_status(reply, 200, {"up to 1000 clients may be served at the same time"});
        expect_shown(reply, "client" + std::to_string(i),
                     {"what belongs to one request must not be shared between threads",
                      "look for static or global variables"});
    }
}

TEST_CASE("what belongs to one request never shows in the reply to another") {
    expect_status(exchange(get("/hello?name=one")), 200, {"one client comes before 2,000"});
    std::mt19937 random(settings().seed);
    const double until = now() + long_enough;
    for (int round = 0; round < 20; ++round) {
        if (now() > until) {
            remark("judged with " + std::to_string(round * 100) +
                   " clients, because they take long");
            return;
        }
        std::vector<Client> clients(100);
        std::vector<std::string> names;
        for (Client& client : clients) {
            client.send(first_half);
            // Long, because a name is overwritten all the more easily the longer it is in use.
            names.push_back(std::to_string(random()) + std::string(2000, 'x'));
        }
        for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(second_half(names[i]));
        for (std::size_t i = 0; i < clients.size(); ++i) {
            Exchange reply = clients[i].read_to_end();
            expect_status(reply, 200, {"2,000 clients, of whom 100 come at the same time"});
            expect_shown(reply, names[i],
                         {"what belongs to one request must not be shared between threads",
                          "look for static or global variables"});
        }
    }
}

TEST_CASE("clients that break the connection in the middle of a reply don't end the server") {
    for (int i = 0; i < 40; ++i) {
        Client before_reply;
        before_reply.send(get("/about"));
        before_reply.reset();
        Client in_mid_request;
        in_mid_request.send(first_half);
        in_mid_request.reset();
        Client never_reads;
        for (int n = 0; n < 50; ++n) never_reads.send(get_and_stay("/about"));
        never_reads.reset();
    }
    expect_status(exchange(get("/")), 200,
                  {"writing to a broken connection raises SIGPIPE, which kills the server",
                   "send(..., MSG_NOSIGNAL); ECONNRESET and EPIPE mean that the client is gone"});
}

TEST_CASE("slow clients are sent away in time" * doctest::timeout(30)) {
    if (outgrown(3, "level 3 tries the same clients and an idle one besides")) return;
    expect_slow_clients_are_sent_away(Connections::closed_after_each_reply);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level2 / 8 the end");

TEST_CASE("Date is still right after a while" * doctest::timeout(30)) {
    // A server that makes it once, or every five seconds, is right at first. This one has only just
    // started, so that it makes none between the two replies.
    ServerProcess server;
    expect_present_date(exchange(get("/"), server));
    let_pass(4.0);
    expect_present_date(exchange(get("/"), server));
}

TEST_CASE("SIGTERM with a request in flight: it is answered, then the server ends") {
    ServerProcess server;
    Client in_flight(server);
    in_flight.send(first_half);
    Client idle(server);
    let_server_accept_all(server);

    server.signal(SIGTERM);
    Exchange nothing = idle.read_to_end(3.0);
    expect_silent_close(
        nothing, {"a connection without a request has nothing to finish",
                  "wake up the threads that wait for a first byte; idle connections end at once"});
    expect_that(
        refuses_connections(server), "new connections are refused", "they are still accepted",
        {"a server that is stopping takes no new work", "close the listening socket first"});
    in_flight.send(second_half("Ada"));
    Exchange reply = in_flight.read_to_end();
    expect_status(
        reply, 200,
        {"a clean stop loses no request that has begun to arrive",
         "end the threads that wait for a first byte; one in the middle of a request reads on for "
         "up to 5 s, because its client is still owed a reply"});
    server.process().wait_for_end(3.0);
    expect_that(server.process().exit_code() == 0, "exit code 0 within 3 s of the last reply",
                server.process().how_it_ended(),
                {"SIGTERM is a request to stop, not an error",
                 "end as soon as the last client has left, not when the time to drain is over"});
}

TEST_CASE("a second signal ends the server at once") {
    for (auto [first, second] : {std::pair(SIGTERM, SIGTERM), std::pair(SIGINT, SIGINT)}) {
        ServerProcess server;
        Client in_flight(server);
        in_flight.send(first_half);
        let_server_accept_all(server);
        server.signal(first);
        expect_that(refuses_connections(server), "the server has begun to stop",
                    "it accepts connections", {"the first signal begins a clean stop"});
        double asked = now();
        server.signal(second);
        server.process().wait_for_end(patience);
        expect_that(!server.process().running() && now() - asked < 1.5, "an exit within 1.5 s",
                    server.process().how_it_ended(),
                    {"a user who presses Ctrl-C twice does not want to wait for a clean stop",
                     "let the second signal have its default action"});
    }
}

TEST_CASE("without a free descriptor the server neither dies nor spins, and recovers") {
    ServerProcess server({.before = "ulimit -n 64;"});
    expect_status(exchange(get("/"), server), 200, {"64 descriptors are enough for one client"});
    {
        std::vector<Client> crowd;
        for (int i = 0; i < 90; ++i) crowd.emplace_back(server);
        for (Client& client : crowd) client.send(first_half);
        std::optional<Usage> before = server.process().usage();
        let_pass(1.0);
        std::optional<Usage> after = server.process().usage();
        if (before && after) {
            double spent = after->processor_seconds - before->processor_seconds;
            expect_that(spent < 0.4, "hardly any processor time in a second of waiting",
                        std::to_string(spent) + " s",
                        {"accept() fails with EMFILE and leaves the client in the backlog, so "
                         "poll() reports it again at once",
                         "after EMFILE pause for a moment before the next accept()"});
        } else {
            remark("processor time not measured, because there is no /proc here");
        }
        expect_that(server.process().running(), "the server lives", server.process().how_it_ended(),
                    {"EMFILE is a passing state, not an end", "don't leave the accept loop"});
    }
    Exchange reply = exchange(get("/"), server);
    // It may not have noticed yet that the crowd has left, and refuse a few more clients until
    // then.
    for (const double until = now() + patience; reply.reply.status != 200 && now() < until;) {
        let_pass(0.02);
        reply = exchange(get("/"), server);
    }
    expect_status(reply, 200, {"the descriptors are free again, so clients are served again"});
}

TEST_CASE("after thousands of requests nothing is left behind") {
    if (outgrown(3, "level 3 tries more kinds of requests")) return;
    expect_nothing_left_behind({get("/hello?name=Ada"), get("/about"), get("/nothing/here"),
                                get("/about", {"X : y"}), request("HEAD", "/"),
                                request("POST", "/about", {"Content-Length: 5"}) + "hello"});
}

TEST_SUITE_END();
