// Many requests on one connection: keep-alive, pipelining, and when a connection must end.
// Everything here is about framing, because a byte too many or too few spoils all later replies.
#include <doctest/doctest.h>
#include <signal.h>

#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "slow_clients.hpp"
#include "text.hpp"

namespace {

// Sends a request on the connection and expects that it is answered there.
void expect_answer_on(Client& client, const std::string& name, Where where = Where::here()) {
    client.send(get_and_stay("/hello?name=" + name));
    Exchange reply = client.read_reply();
    expect_status(reply, 200,
                  {"SHOULD RFC 9112 §9.3: a connection stays open unless a side says close"},
                  where);
    expect_shown(reply, name, {"each request gets its own reply"}, where);
}

}  // namespace

TEST_SUITE_BEGIN("level3 / 2 kept connections");

TEST_CASE("an HTTP/1.1 connection stays open for the next request") {
    Client client;
    for (const char* name : {"first", "second", "third"}) expect_answer_on(client, name);
}

TEST_CASE("replies without a body keep the connection in step") {
    Client client;
    for (const char* method : {"HEAD", "OPTIONS"}) {
        client.send(std::string(method) + " /about HTTP/1.1\r\nHost: localhost\r\n\r\n");
        expect_status(client.read_reply(method), {200, 204}, {"a good request"});
        expect_answer_on(client, std::string("after-") + method);
    }
    for (const auto& [target, field] : {std::pair("/nothing/here", "X: 1"),
                                        {"/static", "X: 1"},
                                        {"/static/nothing.css", "X: 1"},
                                        {"/files/nothing.txt", "X: 1"},
                                        {"/static/style.css", "If-Match: \"other\""}}) {
        client.send(std::string("HEAD ") + target + " HTTP/1.1\r\nHost: localhost\r\n" + field +
                    "\r\n\r\n");
        expect_status(client.read_reply("HEAD"), {301, 404, 412},
                      {"MUST RFC 9110 §9.3.2: no reply to HEAD has a body, whatever its status"});
        expect_answer_on(client, "after-HEAD");
    }
    client.send(get_and_stay("/static/style.css", {"If-None-Match: *"}));
    expect_status(client.read_reply(), 304,
                  {"MUST RFC 9110 §13.1.2: * matches any file that is there"});
    expect_answer_on(client, "after-304");
}

TEST_CASE("a good request that can't be fulfilled keeps the connection") {
    const std::string file = "/static/style.css";
    const std::string refused[] = {get_and_stay("/nothing/here"), get_and_stay("/static"),
                                   "DELETE /about HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                   get_and_stay(file, {"If-Match: \"other\""}),
                                   get_and_stay(file, {"Range: bytes=999999999-"})};
    Client client;
    for (const std::string& bytes : refused) {
        client.send(bytes);
        expect_status(
            client.read_reply(), {404, 301, 405, 412, 416, 200},
            {"the request is well-formed, so the server knows where the next one begins"});
        expect_answer_on(client, "next");
    }
}

TEST_CASE("an empty line after a request is not answered") {
    Exchange reply = exchange(Script({get_and_stay("/about") + "\r\n"}, true));
    expect_status(reply, 200, {"the request is a good one"});
    expect_one_reply_then_close(
        reply,
        {"SHOULD RFC 9112 §2.2: some old clients send an extra \\r\\n; a second reply would be taken for "
         "the answer to their next request",
         "a request begins with its first line, not before"});
}

TEST_CASE("Connection: close is honoured in a list, and in upper or lower case") {
    for (const char* value : {"close", "Close", "CLOSE", "foo, close", "close , foo", "foo,CLOSE",
                              "keep-alive, close"}) {
        std::string field = std::string("Connection: ") + value;
        Exchange reply = exchange(get_and_stay("/about", {field}));
        expect_status(reply, 200, {"a good request"});
        expect_listed(reply, "Connection", "close",
                      {"SHOULD RFC 9112 §9.6: the server says so as well"});
        expect_one_reply_then_close(reply,
                                    {"MUST RFC 9112 §9.6: Connection is a list of words, compared "
                                     "without regard to case",
                                     "split at the commas, trim, compare each", value});
    }
}

TEST_CASE("a word that only contains close doesn't close the connection") {
    Client client;
    for (const char* value : {"closed", "not-close", "\"close\"x"}) {
        client.send(get_and_stay("/about", {std::string("Connection: ") + value}));
        expect_status(client.read_reply(), 200,
                      {"SHOULD RFC 9112 §9.3: a connection stays open unless a side says close",
                       "compare each word of the list as a whole", value});
    }
    expect_answer_on(client, "next");
}

TEST_CASE("Connection: close also counts in the second of two lines") {
    Exchange reply = exchange(get_and_stay("/about", {"Connection: foo", "Connection: close"}));
    expect_status(reply, 200, {"a good request"});
    expect_one_reply_then_close(reply,
                                {"MUST RFC 9112 §9.6: two lines of a list field are one list (RFC "
                                 "9110 §5.3), and this one has close in it",
                                 "join the lines with a comma, then split", "close"});
}

TEST_CASE("nothing is answered after a request that says Connection: close") {
    Exchange reply = exchange(get("/about") + get_and_stay("/hello?name=second"));
    expect_status(reply, 200, {"the first request is a good one"});
    expect_one_reply_then_close(
        reply,
        {"MUST RFC 9112 §9.6: a server must not process what follows a request that says close",
         "stop reading after that request, also if the next one has arrived", "close"});
}

TEST_CASE("a connection that is kept says for how long") {
    Client client;
    for (const char* target : {"/about", "/static/style.css", "/nothing/here"}) {
        client.send(get_and_stay(target));
        Exchange reply = client.read_reply();
        const Reason reason = {
            "it is closed after 5 s, so the client shouldn't use "
            "it just then"};
        expect_listed(reply, "Keep-Alive", "timeout=5", reason);
        expect_listed(reply, "Connection", "keep-alive",
                      {"MUST RFC 9110 §7.6.1: Connection lists the fields about the connection"});
    }
    expect_absent(exchange(get("/about", {"Connection: close"})), "Keep-Alive",
                  {"a connection that is closed isn't kept"});
}

TEST_CASE("an HTTP/1.0 connection is closed unless the client asks to keep it") {
    Exchange closed = exchange("GET /about HTTP/1.0\r\n\r\n");
    expect_one_reply_then_close(closed, {"MUST RFC 9112 §9.3: HTTP/1.0 closes by default",
                                         "the default depends on the request's version"});
    Client kept;
    for (const char* value : {"keep-alive", "Keep-Alive", "foo, KEEP-ALIVE"}) {
        kept.send(std::string("GET /about HTTP/1.0\r\nConnection: ") + value + "\r\n\r\n");
        Exchange reply = kept.read_reply();
        expect_status(reply, 200,
                      {"RFC 9112 §9.3: HTTP/1.0 may ask to keep the connection",
                       "split the list, and compare without regard to case", value});
        expect_listed(reply, "Connection", "keep-alive",
                      {"MUST RFC 9112 §9.3: an old client counts on it only if the reply says so"});
    }
    kept.send("GET /about HTTP/1.0\r\n\r\n");
    Exchange last = kept.read_to_end();
    const Reason reason = {"MUST RFC 9112 §9.3: the last request didn't ask to keep the connection",
                           "judge each request by itself, not by those before it"};
    expect_status(last, 200, {"a good request"});
    expect_one_reply_then_close(last, reason);
}

TEST_CASE("requests that arrive in one piece are answered in order") {
    const int count = 100;
    std::string bytes;
    for (int i = 0; i < count; ++i)
        bytes += get_and_stay("/hello?name=n" + std::to_string(i) + "x");
    Client client;
    client.send(bytes);
    for (int i = 0; i < count; ++i) {
        Exchange reply = client.read_reply();
        expect_status(
            reply, 200,
            {"MUST RFC 9112 §9.3.2: a client may send requests without waiting (pipelining)",
             "keep the bytes after the first request for the next one"});
        expect_shown(reply, "n" + std::to_string(i) + "x",
                     {"MUST RFC 9112 §9.3.2: replies come in the order of the requests"});
    }
}

TEST_CASE("a pipeline gets the same replies when it arrives byte by byte") {
    std::string bytes = get_and_stay("/hello?name=one") +
                        "HEAD /about HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                        get_and_stay("/nothing") + get("/hello?name=two");
    std::vector<std::string> pieces;
    for (char c : bytes) pieces.push_back(std::string(1, c));
    std::vector<Exchange> both = exchange_all({bytes, Script(pieces)});
    // The dates may differ; everything else has the same length.
    expect(
        both[0].received.size() == both[1].received.size(), both[1],
        std::to_string(both[0].received.size()) + " bytes of replies, as in one piece",
        std::to_string(both[1].received.size()) + " bytes",
        {"MUST RFC 9112 §2.1: a head ends with its blank line, and where a piece ends says nothing"});
    expect(both[0].ending == Ending::closed && contains(both[0].received, "two"), both[0],
           "all four replies, then the end of the connection", "",
           {"MUST RFC 9112 §9.6: the last request said Connection: close"});
}

TEST_CASE("the 1000th reply on a connection says close, and is the last") {
    const int limit = 1000;
    Client client;
    std::string bytes;
    for (int i = 1; i <= limit + 1; ++i) bytes += get_and_stay("/hello?name=" + std::to_string(i));
    client.send(bytes);
    int answered = 0;
    Exchange reply;
    do {
        reply = client.read_reply();
        if (reply.reply.complete()) ++answered;
    } while (reply.reply.complete() && !reply.reply.lists("Connection", "close") &&
             answered <= limit);
    expect_that(answered == limit, "1000 replies, the last of them with Connection: close",
                std::to_string(answered) + " replies",
                {"a limit on requests bounds what one client can take from the others",
                 "count the requests of each connection"});
    Exchange end = client.read_to_end();
    expect_silent_close(end, {"MUST RFC 9112 §9.6: nothing comes after Connection: close"});
}

TEST_CASE(
    "a request with a body is answered, the connection closed, the body not read as a request") {
    if (outgrown(4, "level 4 reads bodies and keeps the connection")) return;
    std::string inner = get_and_stay("/echo?smuggled=1");
    std::string length = "Content-Length: " + std::to_string(inner.size());
    std::string good = get_and_stay("/about");
    std::string head = good.substr(0, good.size() - 2);
    for (const std::string& bytes :
         {head + length + "\r\n\r\n" + inner, "POST" + head.substr(3) + length + "\r\n\r\n" + inner,
          head + "Content-Length: 4294967296\r\n\r\n" + inner,  // 0, if it is cut to 32 bits
          head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner}) {
        Exchange reply = exchange(bytes);
        expect_status(reply, {200, 405}, {"the request itself is good"});
        expect_listed(reply, "Connection", "close",
                      {"SHOULD RFC 9112 §9.6: a server that closes says so"});
        expect_one_reply_then_close(
            reply,
            {"MUST RFC 9112 §9.3: a server reads the body or closes. To read a body as a request is request smuggling (such as "
             "CVE-2026-34441 in cpp-httplib)",
             "this level cannot skip a body, so it must not read on"});
    }
}

TEST_CASE("a Content-Length of 0 means no body, so the connection stays open") {
    Client client;
    client.send(get_and_stay("/about", {"Content-Length: 0"}));
    expect_status(client.read_reply(), 200, {"a good request"});
    expect_answer_on(client, "next");
}

TEST_CASE("nothing is answered after a malformed request") {
    std::string good = get_and_stay("/hello?name=after");
    for (const std::string& bad :
         {std::string("GET / HTTP/1.1\r\n\r\n"), get_and_stay("/about", {"X : y"}),
          get_and_stay("/about", {"Content-Length: +5"})}) {
        Exchange reply = exchange(bad + good);
        expect_status(reply, 400, {"the first request is malformed"});
        expect_listed(reply, "Connection", "close",
                      {"SHOULD RFC 9112 §9.6: a server that closes says so"});
        expect_one_reply_then_close(reply, {"after a malformed request there is no "
                                            "telling where the next one begins"});
    }
    Exchange second_is_bad = exchange(good + "GET / HTTP/1.1\r\n\r\n" + good);
    expect_status(second_is_bad, 200, {"the first request is a good one"});
    std::string_view rest = second_is_bad.rest();
    Reply error = parse_reply(rest, "GET", true);
    expect(error.status == 400 && error.length == rest.size(), second_is_bad,
           "a 200, then a 400, then the end of the connection",
           "the second reply is " + std::to_string(error.status),
           {"a mistake in the second request must not cost the first one its reply"});
}

TEST_CASE("what a request names is forgotten with it") {
    std::mt19937 random(settings().seed);
    const std::string first = "first-" + std::to_string(random()) + ".example";
    const std::string second = "second-" + std::to_string(random()) + ".example";
    Client client;
    client.send("GET http://" + first + "/echo HTTP/1.1\r\nHost: " + first +
                "\r\nX-First: 1\r\n\r\n");
    expect_status(client.read_reply(), 200, {"MUST RFC 9112 §3.2.2: a target may be a whole URL"});
    client.send("GET /echo HTTP/1.1\r\nHost: " + second + "\r\n\r\n");
    Exchange reply = client.read_reply();
    expect_in_body(reply, second, {"MUST RFC 9112 §3.2.2: Host is that of this request"});
    for (const std::string& old : {first, std::string("X-First")})
        expect_not_in_reply(reply, old,
                            {"each request stands by itself",
                             "clear everything that the parser remembers, the host of a whole URL "
                             "as well"});
}

TEST_CASE("Date moves on while a connection is kept") {
    Client client;
    std::time_t last = -1;
    for (int i = 0; i < 2; ++i) {
        if (i > 0) let_pass(2.1);
        client.send(get_and_stay("/about"));
        Exchange reply = client.read_reply();
        expect_present_date(reply);
        const std::time_t date = parse_date(reply.reply.value("Date"));
        expect(date > last, reply, "a later Date than that of the reply 2 s before",
               "Date: " + reply.reply.value("Date"),
               {"MUST RFC 9110 §6.6.1: Date is when this reply was made",
                "what is remembered for a thread or a connection is out of date after a second"});
        last = date;
    }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level3 / 8 large files and the end");

TEST_CASE("slow and idle clients are sent away in time" * doctest::timeout(30)) {
    expect_slow_clients_are_sent_away(Connections::kept_alive);
}

TEST_CASE("SIGTERM: a request that never ends holds the server up for 5 seconds at most" *
          doctest::timeout(30)) {
    ServerProcess server;
    Client never_ends(server);
    never_ends.send(get_and_stay("/about") + "GET /about HT");
    expect_status(never_ends.read_reply(), 200, {"the first of its requests is a good one"});
    const double asked = now();
    server.signal(SIGTERM);
    server.process().wait_for_end(10);
    expect_that(server.process().exit_code() == 0 && now() - asked < 7.5,
                "exit code 0 after about 5 s",
                server.process().how_it_ended() + " after " + std::to_string(now() - asked) + " s",
                {"a client must not be able to keep a server from stopping",
                 "wait for the last clients, but not past a deadline; then return 0 all the same"});
}

TEST_CASE("SIGTERM closes an idle kept-alive connection at once") {
    ServerProcess server;
    Client idle(server);
    idle.send(get_and_stay("/about"));
    expect_status(idle.read_reply(), 200, {"a good request"});
    double asked = now();
    server.signal(SIGTERM);
    Exchange end = idle.read_to_end();
    expect(end.ending == Ending::closed, end, "the end of the connection", "",
           {"an idle connection has nothing to finish"});
    server.process().wait_for_end(patience);
    expect_that(server.process().exit_code() == 0 && now() - asked < 3.0, "exit code 0 within 3 s",
                server.process().how_it_ended() + " after " + std::to_string(now() - asked) + " s",
                {"a server that waits for idle clients to leave has a long wait",
                 "wake up the threads that wait for a next request"});
}

TEST_SUITE_END();
