// What any engine under the conversations has to do: keep the order of replies while handlers wait,
// keep one client's wait from the others, hold many idle clients, and stop cleanly.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "affordable_clients.hpp"
#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "leak_check.hpp"
#include "live.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "text.hpp"
#include "websocket.hpp"

namespace {

std::string hello(const std::string& name) {
    return get_and_stay("/hello?name=" + name);
}

std::string form(const std::string& name) {
    return with_body_and_stay("POST", "/contact", urlencoded_type,
                              urlencoded({{"name", name}, {"message", "Hello"}}));
}

// Once later clients have been answered, the server has also looked at the earlier ones.
void let_server_look(ServerProcess& server) {
    for (int round = 0; round < 5; ++round)
        expect_status(exchange(get("/hello"), server), 200, {"the server is up"});
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 9 the engine and the end");

TEST_CASE("requests pipelined behind a POST that waits for the disk are answered after it") {
    Client client;
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
        const std::string name = "turn" + std::to_string(i);
        bytes += hello(name) + form(name) + api_post(name);
    }
    client.send(bytes);
    const Reason order = {"MUST RFC 9112 §9.3.2: replies come in the order of the requests",
                          "while a handler is with the workers, the next request has to wait"};
    for (int i = 0; i < 20; ++i) {
        const std::string name = "turn" + std::to_string(i);
        Exchange page = client.read_reply();
        expect_status(page, 200, order);
        expect_in_body(page, name, order);
        expect_status(client.read_reply("POST"), 303, order);
        Exchange created = client.read_reply("POST");
        expect_status(created, 201, order);
        expect_in_body(created, name, order);
    }
}

TEST_CASE("a client that closes its side after a POST still gets the reply") {
    for (const std::string& bytes :
         {form(unique()), api_post(unique()), hello("a") + form("Ada")}) {
        Exchange reply = exchange(Script({bytes}, true));
        expect_status(reply, {200, 201, 303},
                      {"RFC 9112 §9.6: closing one side only says that no more requests follow",
                       "shell scripts do that, such as printf ... | nc -N localhost 9000"});
        expect(reply.ending == Ending::closed, reply, "the end of the connection",
               "a connection that stays open", {"there is nothing to wait for"});
    }
    Exchange two = exchange(Script({hello("first") + form("Ada") + hello("third")}, true));
    expect(contains(two.received, "first") && contains(two.received, "/thankyou") &&
               contains(two.received, "third"),
           two, "three replies", "fewer", {"every request before the end is answered"});
}

TEST_CASE("999 idle clients do not slow down the one that asks") {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    const std::size_t count = affordable_clients(1000) - 1;
    const double first_comes = now();
    std::vector<Client> idle;
    for (std::size_t i = 0; i < count; ++i) {
        idle.emplace_back(server);
        idle.back().send(hello("idle"));
    }
    for (Client& client : idle)
        if (Exchange reply = client.read_reply(); reply.reply.status != 200)
            expect_status(reply, 200, {"up to 1000 clients may be connected at once"});
    Client active(server);
    const double start = now();
    for (int i = 0; i < 200; ++i) {
        active.send(hello("active"));
        Exchange reply = active.read_reply();
        expect_status(reply, 200, {"a client that asks is answered, however many others don't"});
        if (reply.reply.status != 200) return;
    }
    const double seconds = now() - start;
    expect_that(seconds < 2.0, "200 replies in less than 2 s", std::to_string(seconds) + " s",
                {"an idle client must cost no time",
                 "wait for all with epoll, or with a thread each, because "
                 "poll() looks at every one of them"});
    std::size_t open = 0;
    for (Client& client : idle)
        if (!client.ended()) ++open;
    expect_that(open == count || now() - first_comes > 4, "all idle clients still connected",
                std::to_string(open) + " of " + std::to_string(count), {"they have five seconds"});
}

TEST_CASE("without a free descriptor the connected clients are served, and new ones later") {
    DataFolder data;
    Launch launch = launch_alone(data);
    launch.before += "ulimit -n 64;";
    ServerProcess server(launch);
    std::vector<WebSocket> sockets;
    for (int i = 0; i < 5; ++i) sockets.emplace_back("/ws/echo", server);
    std::vector<Client> kept;
    for (int i = 0; i < 5; ++i) kept.emplace_back(server);
    for (Client& client : kept) client.send(hello("first"));
    for (Client& client : kept) expect_status(client.read_reply(), 200, {"the server is up"});
    {
        std::vector<Client> crowd;
        for (int i = 0; i < 100; ++i) crowd.emplace_back(server);
        for (int round = 0; round < 20; ++round) {
            for (WebSocket& socket : sockets)
                if (!expect_echo(socket, "still here?",
                                 {"accept() fails, but that does not affect connected clients"}))
                    return;
            for (Client& client : kept) {
                client.send(hello("again"));
                expect_status(client.read_reply(), 200, {"connected clients need no descriptor"});
            }
        }
    }
    Exchange reply = exchange(get("/hello"), server);
    // It may not have noticed yet that the crowd has left.
    for (const double until = now() + patience; reply.reply.status != 200 && now() < until;) {
        let_pass(0.02);
        reply = exchange(get("/hello"), server);
    }
    expect_status(reply, 200,
                  {"the crowd has left, so there is a descriptor for a new client",
                   "after EMFILE look at the listener again in a moment"});
    for (WebSocket& socket : sockets)
        expect_echo(socket, "and now?", {"the WebSockets have survived the shortage"});
}

TEST_CASE("at SIGTERM idle clients are let go at once, and a POST that has begun is finished") {
    ServerProcess server;
    std::vector<Client> idle;
    for (int i = 0; i < 20; ++i) {
        idle.emplace_back(server);
        idle.back().send(hello("idle"));
    }
    for (Client& client : idle) expect_status(client.read_reply(), 200, {"the server is up"});
    const std::string name = unique();
    const std::string bytes = form(name);
    Client posting(server);
    posting.send(bytes.substr(0, bytes.size() - 5));
    let_server_look(server);

    const double asked = now();
    server.signal(SIGTERM);
    for (Client& client : idle) {
        const bool silent = !client.receive_more(asked + 3.0) && client.ended();
        expect(silent, silent ? Exchange{} : client.so_far(),
               "the end of the connection, without a byte",
               client.ended() ? "bytes without a request" : "a connection that stays open",
               {"a client that has asked for nothing has nothing to wait for"});
    }
    const double seconds = now() - asked;
    expect_that(seconds < 1.5, "the end of 20 idle connections in less than 1.5 s",
                std::to_string(seconds) + " s",
                {"close idle connections when the signal comes, not when their time is over"});
    expect_that(refuses_connections(server), "new connections are refused", "they are accepted",
                {"a server that is stopping takes no new work"});
    posting.send(bytes.substr(bytes.size() - 5));
    Exchange reply = posting.read_to_end();
    expect_status(reply, 303, {"a request that has begun to arrive is finished, 5 s at most"});
    server.process().wait_for_end(patience);
    expect_that(server.process().exit_code() == 0 && now() - asked < 5.0,
                "exit code 0 in less than 5 s", server.process().how_it_ended(),
                {"there is nothing left to wait for"});
}

TEST_CASE("after thousands of requests nothing is left behind") {
    const std::string refused = urlencoded({{"name", ""}, {"message", "no name"}});
    expect_nothing_left_behind({get("/"), get("/static/style.css"), get("/nothing/here"),
                                get("/about", {"X : y"}),
                                get_and_stay("/about") + get("/api/messages"), get("/chat"),
                                with_body("POST", "/contact", urlencoded_type, refused),
                                get("/ws/echo", {"Upgrade: websocket"})});
}

// A case of its own, because among many kinds of requests what only these leave behind would be too
// little to be seen.
TEST_CASE("after thousands of compressed replies nothing is left behind") {
    const std::string gzip = "Accept-Encoding: gzip";
    expect_nothing_left_behind({get("/", {gzip}), get("/messages", {gzip})});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("handlers that wait for the disk don't hold up other clients, even on a single loop") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --threads 1"));
    WebSocket socket("/ws/echo", server);
    StoreLock lock(data);
    std::vector<Client> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.emplace_back(server);
        waiting.back().send(i % 2 == 0 ? form(unique()) : api_post(unique()));
        waiting.back().send(hello("behind"));
    }
    const Reason others = {"a handler that waits stops only its own client",
                           "hand it to a worker; a loop must never wait"};
    for (int i = 0; i < 20; ++i) {
        if (!expect_echo(socket, "Hello", others)) return;
        Exchange reply = exchange(get("/hello"), server);
        expect_status(reply, 200, others);
        if (reply.reply.status != 200) return;
    }
    for (Client& client : waiting)
        expect_that(
            !client.ended() && client.unread().empty(),
            "no reply as long as the disk does not answer", "a reply",
            {"303 and 201 promise that it is stored, and the next request waits for its turn"});
    lock.release();
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        expect_status(waiting[i].read_reply("POST"), i % 2 == 0 ? 303 : 201, {"it is stored now"});
        expect_shown(waiting[i].read_reply(), "behind", {"then the next one is answered"});
    }
}

TEST_CASE("a client costs no processor time while its handler waits") {
    if (lacks_program() || lacks_public_folder()) return;
    PublicFolder folder;
    const std::size_t size =
        8 << 20;  // more than the kernel takes at once, so the reply gets stuck
    const std::string address = folder.write_pattern("big.bin", size);
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    StoreLock lock(data);
    Client client(server);
    client.send(get_and_stay(address) + form(unique()) + hello("behind"));
    expect_status(client.read_reply(), 200, {"a file comes before the form"});
    const auto before = server.process().usage();
    let_pass(0.5);
    const auto after = server.process().usage();
    if (!before || !after)
        return remark("processor time not measured, because there is no /proc here");
    const double spent = after->processor_seconds - before->processor_seconds;
    expect_that(spent < 0.2, "hardly any processor time in half a second of waiting",
                std::to_string(spent) + " s",
                {"the client is always ready to be read from and written to",
                 "ask the kernel about neither while its handler is with the workers"});
    lock.release();
    expect_status(client.read_reply("POST"), 303, {"it is stored now"});
    expect_shown(client.read_reply(), "behind", {"then the next one is answered"});
}

TEST_CASE("after SIGTERM a handler that waits for the disk still stores its message and replies") {
    if (lacks_program()) return;
    DataFolder data;
    const std::string name = unique();
    {
        ServerProcess server(data.launch("--quiet"));
        StoreLock lock(data);
        Client posting(server);
        posting.send(api_post(name));
        let_server_look(server);
        server.signal(SIGTERM);
        expect_that(refuses_connections(server), "new connections are refused", "they are accepted",
                    {"the stop has begun"});
        lock.release();
        Exchange reply = posting.read_to_end();
        expect_status(reply, 201, {"a reply in flight is finished, 5 s at most"});
        server.process().wait_for_end(patience);
        expect_that(server.process().exit_code() == 0, "exit code 0",
                    server.process().how_it_ended(), {"it has stopped cleanly"});
    }
    ServerProcess server(data.launch("--quiet"));
    const auto stored = stored_names(server);
    expect_that(stored.size() == 1 && stored.front() == name, "the message that was answered",
                std::to_string(stored.size()) + " messages", {"201 is a promise"});
}

TEST_CASE("a client that leaves while its handler waits does no harm") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    {
        StoreLock lock(data);
        for (int i = 0; i < 15; ++i) {  // a page of the list has 20, in any order
            Client leaves(server);
            leaves.send(form("Gone") + hello("behind"));
            if (i % 2 == 0) leaves.reset();
        }
        let_server_look(server);
    }
    const std::string name = unique("Stays");
    post(name, server);
    expect_status(exchange(get("/hello"), server), 200, {"the server lives"});
    const auto stored = stored_names(server);
    expect_that(std::count(stored.begin(), stored.end(), name) == 1,
                "the last message in the store", "a store without it",
                {"a reply whose client has left is dropped, and that is all"});
}

TEST_SUITE_END();
