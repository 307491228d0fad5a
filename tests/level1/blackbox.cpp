// What a server of level 1 must do, judged over TCP: it reads a request, answers with a fixed page
// and closes, one client after the other. Whether it understands the request is level 2's business.
#include <doctest/doctest.h>
#include <signal.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "client.hpp"
#include "expect.hpp"
#include "leak_check.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

void expect_page(const Exchange& reply, Where where = Where::here()) {
    expect_status(reply, 200,
                  {"level 1 doesn't look at the request", "answer once the blank line has come"},
                  where);
    expect_in_body(reply, "<h1>Hello, world!</h1>", {"it is the same page for all of them"}, where);
}

// The reply to a client that waits behind one that never ends its request, but sends these bytes now
// and then.
Exchange reply_behind(const char* drip) {
    Client slow;
    Client next;
    next.send(get("/"));
    for (const double until = now() + 14.0; !next.ended() && now() < until; let_pass(0.4))
        slow.send(drip);
    return next.read_to_end(0.5);
}

}  // namespace

TEST_SUITE_BEGIN("level1 / 1 a page");

TEST_CASE("a client that connects and leaves without a word doesn't stop the server") {
    ServerProcess server;
    { Client leaves(server); }
    expect_status(
        exchange(get("/"), server), 200,
        {"browsers open connections that they then don't use",
         "recv() returns 0 (b'' in Python) when the client has gone: close its socket and accept() the "
         "next one. A loop that waits for the blank line must end there as well"});
}

TEST_CASE("a browser's request for / gets the page") {
    Exchange reply = exchange(get("/", {"User-Agent: test", "Accept: text/html,*/*;q=0.8"}));
    expect_status(reply, 200, {"MUST RFC 9112 §4: a reply starts with 'HTTP/1.1 200 OK'"});
    expect_in_body(reply, "<h1>Hello, world!</h1>", {"this is the page that level 1 serves"});
}

TEST_CASE("Content-Length is the length of the body in bytes") {
    Exchange reply = exchange(get("/"));
    expect_status(reply, 200, {"without a whole reply there is nothing to count"});
    expect_field(reply, "Content-Length", std::to_string(reply.reply.body.size()),
                 {"MUST RFC 9110 §8.6: the client finds the end of the body by this number",
                  "count bytes, not characters, and don't count the blank line"});
    expect(reply.rest().empty(), reply, "no byte after the body",
           std::to_string(reply.rest().size()) + " bytes more",
           {"MUST RFC 9112 §6.3: what follows the body would be read as another reply"});
}

TEST_CASE("the reply says Connection: close, and then the connection is closed") {
    Exchange reply = exchange(get("/"));
    expect_listed(reply, "Connection", "close",
                  {"MUST RFC 9112 §9.6: a server that is going to close the connection says so"});
    expect_one_reply_then_close(reply, {"the reply said that the connection ends after it",
                                        "shutdown() or close() the client's socket after sending"});
}

TEST_CASE("whatever the method and the query are, the page is the answer") {
    if (outgrown(2, "level 2 looks at the request")) return;
    for (const std::string& bytes : {get("/?a=1"), request("POST", "/"), request("BREW", "/")})
        expect_page(exchange(bytes));
}

TEST_CASE("whatever the address is, the page is the answer") {
    if (outgrown(2, "level 2 looks at the request")) return;
    if (contains(exchange(get("/about")).reply.body, "<h1>About</h1>")) {
        skip("this server has a second page, so other addresses are 404 (exercise 1-3)");
        return;
    }
    for (const char* target : {"/nothing/here", "/about"}) expect_page(exchange(get(target)));
}

TEST_CASE("ten clients one after the other are answered within five seconds") {
    const double start = now();
    Exchange reply;
    for (int i = 0; i < 10; ++i) {
        reply = exchange(get("/"));
        expect_status(reply, 200, {"each of them sends a good request"});
    }
    expect(now() - start < 5.0, reply, "ten replies within 5 s",
           std::to_string(now() - start) + " s",
           {"a page that is in memory takes less than a millisecond",
            "don't sleep, and don't wait for more bytes once the blank line has come"});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level1 / 2 pieces");

TEST_CASE("the server waits for a request that arrives in pieces") {
    std::string whole = get("/");
    std::size_t third = whole.size() / 3;
    Exchange reply = exchange(
        Script({whole.substr(0, third), whole.substr(third, third), whole.substr(2 * third)}));
    expect_status(reply, 200,
                  {"MUST RFC 9112 §2.1: a head ends with its blank line. TCP is a stream of bytes, "
                   "so one recv() may return a part of it",
                   "keep receiving until the blank line (\\r\\n\\r\\n) has arrived"});
}

TEST_CASE("nothing is sent before the request has ended") {
    Client client;
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(2000, 'x') + "\r\n");
    client.receive_more(now() + 0.3);
    const bool waits = client.unread().empty() && client.ending() == Ending::open;
    expect(waits, client.so_far(), "no byte before the blank line",
           "a reply, or the end of the connection",
           {"MUST RFC 9112 §2.1: a request's head ends with a blank line, and a server that "
            "answers earlier has not read it",
            "call recv() until \\r\\n\\r\\n has come, because one call may return a part of it"});
    if (!waits) return;
    client.send("\r\n");
    expect_status(client.read_to_end(), 200, {"now it has ended"});
}

TEST_CASE("half a request isn't answered with the page when its client closes its side") {
    expect_status(exchange(get("/")), 200, {"this request is whole"});
    for (const char* half :
         {"GET / HTTP/1.1\r\nHost: local", "GET / HTTP/1.1\r\nHost: localhost\r\n"}) {
        Exchange reply = exchange(Script({half}, true));
        expect(
            reply.received.empty() || reply.reply.status == 400, reply,
            "the end of the connection, or status 400", "",
            {"MUST RFC 9112 §2.1: a head that ends before its blank line is incomplete, and what "
             "was to follow may have changed its meaning",
             "when recv() returns 0 (b'' in Python), look whether the blank line has come"});
    }
}

TEST_CASE("a client that has closed its side still gets its reply") {
    Exchange reply = exchange(Script({get("/")}, true));
    expect_status(
        reply, 200,
        {"MUST RFC 9293 §3.6: a half-closed connection still carries the reply",
         "if recv() returns 0 (b'' in Python), that only means that the client sends no more"});
}

TEST_CASE("bytes after the request don't cost the client its reply") {
    Exchange small = exchange(get("/") + std::string(32 * 1024, 'x'));
    Exchange large = exchange(get("/") + std::string(1'000'000, 'x'));
    for (const Exchange& reply : {small, large}) {
        expect_status(reply, 200,
                      {"SHOULD RFC 9112 §9.6: close in steps, or the reply may get lost",
                       "shutdown(SHUT_WR), read what still comes, then close()"});
        expect(reply.ending == Ending::closed, reply, "a clean end of the connection",
               "a broken connection",
               {"SHOULD RFC 9112 §9.6: an early close() makes the kernel send RST, and on RST a "
                "client may throw the reply away",
                "shutdown(SHUT_WR), read what still comes, then close()"});
    }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level1 / 3 clients that leave");

TEST_CASE("a client that leaves at once doesn't stop the next one") {
    for (int i = 0; i < 20; ++i) {
        Client leaves_politely;
        Client leaves_with_a_bang;
        leaves_with_a_bang.send("GET / HT");
        leaves_with_a_bang.reset();
    }
    Exchange reply = exchange(get("/"));
    expect_status(reply, 200,
                  {"a client's error must never end the server",
                   "if recv() or send() fails, give up on this client and serve the next one"});
}

TEST_CASE("a client that leaves before its reply doesn't end the server") {
    for (int i = 0; i < 20; ++i) {
        Client client;
        client.send(get("/"));
        client.reset();
    }
    Exchange reply = exchange(get("/"));
    expect_status(reply, 200,
                  {"writing to a closed connection raises SIGPIPE, which kills the server",
                   "send(..., MSG_NOSIGNAL), or ignore SIGPIPE"});
}

TEST_CASE("a client that closes without reading its reply doesn't end the server") {
    {
        // A server that serves one client at a time looks at the others when they have left.
        Client first;
        first.send("GET / HTTP/1.1\r\n");
        for (int i = 0; i < 20; ++i) {
            Client leaves;
            leaves.send(get("/"));
        }
    }
    Exchange reply = exchange(get("/"));
    expect_status(
        reply, 200,
        {"the kernel answers what is sent to a closed socket with RST, and a second send() "
         "then raises SIGPIPE, which kills the server",
         "ignore SIGPIPE, or send with MSG_NOSIGNAL"});
}

TEST_CASE("an endless request doesn't fill the memory") {
    constexpr long long spare_memory = 16 << 20;  // bytes
    expect_status(exchange(get("/")), 200, {"a request with an end is answered"});
    Process& process = shared_server().process();
    const std::optional<Usage> before = process.usage();
    Client endless;
    endless.send("GET /" + std::string(64 << 20, 'a'));
    endless.receive_more(now() + 8.0);  // it goes out until the server answers, closes, or 8 s pass
    const std::optional<Usage> after = process.usage();
    if (!before || !after) {
        skip("memory can't be measured, because there is no /proc here");
        return;
    }
    const long long grown = after->memory_bytes - before->memory_bytes;
    expect_that(grown < spare_memory,
                "less than 16 MiB more, after up to 64 MiB without a line end",
                std::to_string(grown >> 20) + " MiB more",
                {"what one client may send must have a limit, or it takes the memory of all",
                 "give up on a request whose head is larger than 8 KiB or so"});
}

TEST_CASE("an endless request doesn't bring the server down") {
    Client endless;
    endless.send("GET /" + std::string(1'000'000, 'a'));
    endless.finish_sending();
    endless.read_to_end();
    Exchange reply = exchange(get("/"));
    expect_status(reply, 200, {"what a client may send must have a limit", "bound your buffer"});
}

TEST_CASE("a server that waits costs no processor time") {
    expect_status(exchange(get("/")), 200, {"a server that is up"});
    Process& process = shared_server().process();
    std::optional<Client> silent;
    for (const bool with_client : {false, true}) {
        if (with_client) silent.emplace();
        const std::optional<Usage> before = process.usage();
        let_pass(0.5);
        const std::optional<Usage> after = process.usage();
        if (!before || !after) {
            skip("processor time can't be measured, because there is no /proc here");
            return;
        }
        const double spent = after->processor_seconds - before->processor_seconds;
        expect_that(spent < 0.1,
                    std::string("hardly any processor time in half a second, ") +
                        (with_client ? "with a client that says nothing" : "without a client"),
                    std::to_string(spent) + " s",
                    {"a loop that asks again and again keeps one processor busy for nothing",
                     "let accept(), recv() or poll() block, with a timeout if you need one"});
    }
}

TEST_CASE("a client that says nothing holds the next one up for 10 seconds at most" *
          doctest::timeout(30)) {
    if (outgrown(2, "from level 2 on, clients are served side by side")) return;
    expect_status(reply_behind(""), 200,
                  {"one client at a time is level 1's deliberate limit, but a silent "
                   "client must not stop the server for good",
                   "wait for the client with poll() and a deadline"});
}

TEST_CASE("a client that sends a byte now and then holds the next one up for 10 seconds at most" *
          doctest::timeout(30)) {
    if (outgrown(2, "from level 2 on, clients are served side by side")) return;
    expect_status(
        reply_behind("z"), 200,
        {"ten seconds are for the whole request, or a client that trickles keeps the server",
         "set the deadline once, when the client has come; a time-out per recv() starts "
         "again with each byte"});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level1 / 4 start and stop");

TEST_CASE("SIGTERM and SIGINT end the server with exit code 0") {
    for (const int number : {SIGTERM, SIGINT}) {
        const std::string name = number == SIGTERM ? "SIGTERM: " : "SIGINT, as Ctrl-C sends it: ";
        ServerProcess server;
        exchange(get("/"), server);
        server.signal(number);
        server.process().wait_for_end(patience);
        expect_that(
            server.process().exit_code() == 0, name + "exit code 0 within 5 s",
            name + server.process().how_it_ended(),
            {"the exit code tells whether the server stopped cleanly, as it was asked to",
             "catch both signals, leave the accept loop, and end main() as usual. To try it: kill -TERM "
             "and the process id; then echo $? in the server's terminal"});
    }
}

TEST_CASE("SIGTERM ends the server although a client says nothing") {
    ServerProcess server;
    expect_status(exchange(get("/"), server), 200, {"it serves before it is stopped"});
    const std::optional<Usage> before = server.process().usage();
    Client silent(server);
    // Until the server has accepted it, which shows in its descriptors (where there is a /proc).
    for (const double until = now() + 1.0; before && now() < until; let_pass(0.01)) {
        const std::optional<Usage> seen = server.process().usage();
        if (!seen || seen->descriptors > before->descriptors) break;
    }
    server.signal(SIGTERM);
    server.process().wait_for_end(patience);
    expect_that(
        server.process().exit_code() == 0, "exit code 0 within 5 s",
        server.process().how_it_ended(),
        {"a client that says nothing must not keep a server from stopping",
         "a signal interrupts poll() and recv() (EINTR) only in the thread that gets it, and "
         "recv() may be restarted: wait with a timeout, and look whether a stop was asked for"});
}

TEST_CASE("a taken port ends the second server with exit code 1 and a clear message") {
    ServerProcess first;
    Process second(with_port(settings().server, first.port()),
                   {"PORT=" + std::to_string(first.port())});
    second.wait_for_end(20);  // an interpreter on a busy machine takes its time to start
    expect_that(second.exit_code() == 1, "exit code 1", second.how_it_ended(),
                {"bind() or listen() fails with EADDRINUSE, so it could not serve any client"});
    std::string output = second.output();
    bool clear = contains(output, std::to_string(first.port())) && contains(output, "in use");
    expect_that(clear, "a line such as: Port " + std::to_string(first.port()) + " is in use",
                output.empty() ? "no output" : visible(output),
                {"a user can act on a message that names the port"});
}

TEST_CASE("a server that was stopped can be started on the same port at once") {
    int port = 0;
    {
        ServerProcess first;
        port = first.port();
        expect_status(exchange(get("/"), first), 200, {"the server closed this connection first"});
        first.signal(SIGTERM);
        first.process().wait_for_end(patience);
    }
    std::string trouble;
    try {
        ServerProcess second({.port = port});
        expect_status(exchange(get("/"), second), 200, {"it serves as before"});
    } catch (const std::runtime_error& error) {
        trouble = error.what();
    }
    expect_that(trouble.empty(), "a server on the port of the one before", trouble,
                {"the kernel keeps the port of connections that the server closed first for a "
                 "minute (TIME_WAIT)",
                 "set SO_REUSEADDR on the listening socket before bind()"});
}

TEST_CASE("after thousands of requests nothing is left behind") {
    if (outgrown(2, "level 2 tries more kinds of requests")) return;
    expect_nothing_left_behind({get("/")});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level1 / 5 this machine only");

TEST_CASE("the server can be reached at 127.0.0.1 only") {
    expect_status(exchange(get("/")), 200, {"the server is there"});
    expect_that(!accepts_connections("127.0.0.2", shared_server().port()),
                "no connection at 127.0.0.2", "one that is accepted",
                {"while you are learning, no other machine has to reach your server",
                 "bind() to 127.0.0.1 (INADDR_LOOPBACK), not to 0.0.0.0 (INADDR_ANY)"});
}

TEST_SUITE_END();
