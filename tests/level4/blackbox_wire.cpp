// The page of this repository's own level 4 that shows what passes (--wire). Other servers have
// nothing like it, so these cases need --program=PATH.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "text.hpp"
#include "websocket.hpp"

using namespace std::string_literals;

namespace {

constexpr const char* engines[] = {"threads", "epoll", "poll"};

// The texts of the steps up to the one that contains `mark`, one behind the other. Without one that
// does, all that came.
std::string steps_until(EventStream& stream, const std::string& mark) {
    std::string all;
    while (const auto data = stream.next()) {
        all += parse_json(*data).value_or(JsonValue{})["text"].text;
        if (contains(*data, mark)) break;
    }
    return all;
}

EventStream watch(ServerProcess& server) {
    return EventStream(server, 0, {}, "/wire/events");
}

}  // namespace

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("without --wire there is no page of the wire") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    for (const char* path : {"/wire", "/wire/events"})
        expect_status(exchange(get(path), server), 404, {"only its owner may open it, by a flag"});
}

TEST_CASE("--wire shows the requests and replies of all other connections, on every engine") {
    if (lacks_program()) return;
    for (const char* engine : engines) {
        DataFolder data;
        ServerProcess server(data.launch("--quiet --wire --engine "s + engine));
        expect_in_body(exchange(get("/wire"), server), "wire.js", {"the page", "", engine});
        exchange(get("/static/wire.js"), server);
        EventStream first = watch(server);
        exchange(get("/hello?name=early"), server);
        EventStream second = watch(server);
        exchange(with_body("POST", "/echo", "text/plain", "the body"), server);
        for (EventStream* stream : {&first, &second}) {
            const std::string steps = steps_until(*stream, "the body");
            const std::string echo = steps_until(*stream, "the body");
            for (const char* part :
                 {"GET /hello?name=early HTTP/1.1\\r\\n", "<h1>Hello, early!</h1>",
                  "POST /echo HTTP/1.1\\r\\n", "Content-Length: 8\\r\\n", "HTTP/1.1 200 OK\\r\\n"})
                expect_that(contains(steps + echo, part), part, steps + echo,
                            {"what passed before is remembered, what passes is shown", "", engine});
            expect_that(!contains(steps + echo, "/wire"), "nothing of the page's own", steps + echo,
                        {"an event that makes an event has no end", "", engine});
        }
    }
}

TEST_CASE("the wire shows no value of Cookie, Set-Cookie and Authorization, however it is cut") {
    if (lacks_program()) return;
    for (const char* engine : engines) {
        DataFolder data;
        ServerProcess server(data.launch("--quiet --wire --engine "s + engine));
        EventStream stream = watch(server);
        const std::string cookie = visit({unique()}, server);
        const std::string secret = cookie.substr(cookie.find('=') + 1);
        const std::string login = "Authorization: Basic czNjcmV0";
        exchange(get("/echo", {cookie, login, "Proxy-" + login}), server);
        const std::string cut = get("/echo?cut", {cookie, login});
        std::vector<std::string> pieces;
        for (std::size_t at = 0; at < cut.size(); at += 7) pieces.push_back(cut.substr(at, 7));
        exchange_all({Script(pieces)}, server);
        exchange(cookie + "\r\n\r\n", server);  // the page of the 400 shows this line
        exchange(get("/hello?name=last"), server);
        const std::string steps = steps_until(stream, "Hello, last");
        for (const char* name : {"Cookie", "Set-Cookie", "Authorization", "Proxy-Authorization"})
            expect_that(contains(steps, name + ": (masked)\\r\\n"s), name + ": (masked)"s, steps,
                        {"the reader should see that there was one", "", engine});
        for (const std::string& value : {secret, "czNjcmV0"s})
            expect_that(!contains(steps, value), "no secret", steps,
                        {"the page may be on a projector", "/echo sends them back", engine});
    }
}

TEST_CASE("the wire shows frames, and counts what isn't text or is a file") {
    if (lacks_program()) return;
    for (const char* engine : engines) {
        DataFolder data;
        ServerProcess server(data.launch("--quiet --wire --engine "s + engine));
        EventStream stream = watch(server);
        WebSocket socket("/ws/echo", server);
        socket.say("hello");
        socket.read_message();
        const std::string content = "text\n" + std::string(1'000'000, 't');
        const std::string body = multipart({{"file", content, "a.txt", "text/plain"}});
        Exchange reply = exchange(with_body("POST", "/upload", multipart_type, body), server);
        const std::string address = address_of_upload(reply, server);
        exchange(get(address), server);
        exchange(with_body("POST", "/echo", "text/plain", std::string(5430, '\0')), server);
        exchange(get("/hello?name=last"), server);
        const std::string steps = steps_until(stream, "Hello, last");
        for (const std::string& part :
             {"text frame, 5 bytes: hello\n"s, "more bytes)\n"s, "(5430 bytes that aren't text)\n"s,
              "(" + std::to_string(content.size()) + " bytes of a file)\n"})
            expect_that(contains(steps, part), part, steps, {"bodies are cut", "", engine});
    }
}

TEST_CASE("the wire is shown to a loopback Host only, and 127.0.0.1 is the only kind of address") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --wire"));
    for (const char* path : {"/wire", "/wire/events"}) {
        const std::string foreign = "GET "s + path + " HTTP/1.1\r\nHost: evil.example\r\n\r\n";
        Client client(server);
        client.send(foreign);
        expect_status(client.read_reply(), 421,
                      {"DNS rebinding: the page is not for evil.example"});
    }
    for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
        Process process(program_line("--wire --host "s + host), {});
        process.wait_for_end(patience);
        expect_that(process.exit_code() == 2 && contains(process.output(), "--wire") &&
                        contains(lower(process.output()), "usage"),
                    "exit code 2, why, and the usage",
                    process.how_it_ended() + ": " + process.output(),
                    {"what passes is for the eyes of the server's owner", "", host});
    }
}

TEST_SUITE_END();
