// What the page at /wire is told: steps made of bytes that come in pieces of any size, no secrets,
// and no more than there is room for.
#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../common/trace.hpp"
#include "app/wire.hpp"
#include "app/wire_reader.hpp"
#include "app/wire_text.hpp"
#include "body/json.hpp"
#include "pages/template_folder.hpp"
#include "request.hpp"
#include "router.hpp"
#include "stream/protocol.hpp"
#include "temporary_folder.hpp"

namespace {

using Pieces = std::vector<std::pair<char, std::string>>;

// The steps of a connection, each as "1< text": the number of the exchange, the direction, and the
// text with | for a line end. Bytes come in pieces of `size`; with # for a direction it is a note.
std::string steps_of(const Pieces& pieces, std::size_t size = 100'000) {
    std::int64_t exchanges = 0;
    WireReader reader(exchanges);
    std::string all;
    const auto add = [&](const std::vector<WireStep>& steps) {
        for (const WireStep& step : steps) {
            std::string text = step.text;
            for (char& c : text) c = c == '\n' ? '|' : c;
            all += std::to_string(step.exchange) + step.direction + " " + text + "\n";
        }
    };
    for (const auto& [direction, bytes] : pieces) {
        if (direction == '#') add(reader.read('>', bytes, Traced::note));
        for (std::size_t at = 0; at < bytes.size() && direction != '#'; at += size)
            add(reader.read(direction, std::string_view(bytes).substr(at, size), Traced::bytes));
    }
    add(reader.end());
    return all;
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string shown_get = R"(GET / HTTP/1.1\r\n|Host: a\r\n|\r\n|)";
const std::string no_content = "HTTP/1.1 204 No Content\r\n\r\n";
const std::string shown_no_content = R"(HTTP/1.1 204 No Content\r\n|\r\n|)";

struct WireFolder : TemporaryFolder {
    WireFolder() { write("templates/wire.html", "the wire"); }
};

struct Watched {
    Watched() { wire.add_routes(router); }
    std::shared_ptr<Protocol> listen(int connection) {
        Request request;
        request.method = "GET";
        request.path = "/wire/events";
        auto stream = router.handle(request).protocol;
        REQUIRE(stream != nullptr);
        stream->trace_as(connection);
        stream->open([] {});
        return stream;
    }
    WireFolder folder;
    TemplateFolder templates{folder.root / "templates"};
    Router router;
    Wire wire{templates};
};

// All that a stream has to say now.
std::string heard(Protocol& stream) {
    std::string all;
    for (std::string piece; !(piece = stream.take_output()).empty();) all += piece;
    return all;
}

std::size_t count(std::string_view text, std::string_view word) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) ++found;
    return found;
}

void exchange(int connection, const std::string& target) {
    trace(connection, '<', "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    trace(connection, '>', no_content);
}

}  // namespace

TEST_CASE("no cache may keep the page that shows the wire") {
    const Watched watched;
    Request request;
    request.method = "GET";
    request.path = "/wire";
    const auto response = watched.router.handle(request);
    CHECK(response.status == 200);
    REQUIRE(response.headers.find("Cache-Control") != nullptr);
    CHECK(*response.headers.find("Cache-Control") == "no-store");
}

TEST_CASE("the values of secret fields are masked, in whatever line they stand") {
    for (const char* name : {"Cookie", "Set-Cookie", "Authorization", "Proxy-Authorization",
                             "cOOKIE", "AUTHORIZATION", "Cookie2", "X-Authorization"}) {
        CAPTURE(std::string(name));
        for (const char* before :
             {"", "A: b\r\n", "a body\n\n", "\r", " ", "<code>", "5;", "a: b "}) {
            const std::string line = std::string(before) + name;
            CHECK(shown_bytes(line + ": s3cret\r\nB: c", 100).find("s3cret") == std::string::npos);
            CHECK(shown_bytes(line + ":s3cret", 100).find("s3cret") == std::string::npos);
            CHECK(shown_bytes(line + " : x=1; s3cret", 100).find("s3cret") == std::string::npos);
            CHECK(shown_bytes(line + ": a\r\n\ts3cret:\r\n s3cret", 100).find("s3cret") ==
                  std::string::npos);
            CHECK(shown_bytes(line + ": a\rs3cret\r\n", 100).find("s3cret") == std::string::npos);
        }
    }
    CHECK(shown_bytes("Cookie: a\r\nB: c\r\n d\r\n", 21) ==
          "Cookie: (masked)\\r\\n\nB: c\\r\\n\n d\\r\\n\n");
}

TEST_CASE("what isn't a secret is shown") {
    for (const char* line : {"WWW-Authenticate: Basic realm=\"a\"", "GET /cookie HTTP/1.1",
                             "no field of a cookie", "Host: cookie", "Cookie", "Cookie 1: 2"}) {
        CHECK(shown_bytes(line, std::string_view(line).size()) == std::string(line) + "\n");
    }
}

TEST_CASE("a secret is masked wherever its packets are cut") {
    const std::string body = "Cookie: s3cret\nAuthorization: s3cret\n";
    const Pieces pieces = {
        {'<', "GET /echo HTTP/1.1\r\nCookie: a=s3cret\r\nAuthorization: Basic s3cret\r\n\r\n"},
        {'>', "HTTP/1.1 200 OK\r\nSet-Cookie: s3cret; HttpOnly\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body},
        {'<', "GET / HTTP/1.1\r\nCookie: s3cr"}};
    const std::string whole = steps_of(pieces);
    CHECK(count(whole, "(masked)") == 6);
    for (std::size_t size = 1; size < 150; ++size) {
        CAPTURE(size);
        const std::string steps = steps_of(pieces, size);
        CHECK(steps == whole);
        CHECK(steps.find("s3cr") == std::string::npos);
    }
}

TEST_CASE("an exchange is a request's head and body, and a reply's head and body") {
    const Pieces pieces = {{'<', "POST /echo HTTP/1.1\r\nContent-Length: 6\r\n\r\none\ntw" + get},
                           {'>', "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<>" + no_content}};
    const std::string steps = R"(1< POST /echo HTTP/1.1\r\n|Content-Length: 6\r\n|\r\n|
1< one\n|tw|
2< )" + shown_get + R"(
1> HTTP/1.1 200 OK\r\n|Content-Length: 2\r\n|\r\n|
1> <>|
2> )" + shown_no_content + "\n";
    CHECK(steps_of(pieces) == steps);
    for (std::size_t size = 1; size < 80; ++size) CHECK(steps_of(pieces, size) == steps);
}

TEST_CASE("replies without a body, and those before the last one, don't shift the steps") {
    const std::string length = "Content-Length: 5\r\n\r\n";
    const Pieces pieces = {{'<', "HEAD / HTTP/1.1\r\n\r\n"},
                           {'>', "HTTP/1.1 200 OK\r\n" + length},
                           {'<', get},
                           {'>', "HTTP/1.1 304 Not Modified\r\n" + length},
                           {'<', "PUT / HTTP/1.1\r\n" + length},
                           {'>', "HTTP/1.1 100 Continue\r\n\r\n"},
                           {'<', "hello"},
                           {'>', no_content}};
    const std::string steps = steps_of(pieces);
    CHECK(count(steps, "\n") == 8);
    CHECK(count(steps, "3> HTTP/1.1 100 Continue") == 1);
    CHECK(steps.ends_with("3< hello|\n3> " + shown_no_content + "\n"));
}

TEST_CASE("a chunked body is shown with its chunks, and the next request is found behind it") {
    const std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    const Pieces pieces = {
        {'<', head + "3\r\na\n\n\r\n2;x=y\r\nbc\r\n0\r\nCookie: s3cret\r\n\r\n" + get}};
    const std::string steps = steps_of(pieces);
    CHECK(steps.find("1< 3\\r\\n|a\\n|\\n|\\r\\n|2;x=y\\r\\n|bc\\r\\n|0\\r\\n|Cookie: (masked)") !=
          std::string::npos);
    CHECK(steps.ends_with("\n2< " + shown_get + "\n"));
    for (std::size_t size = 1; size < 80; ++size) CHECK(steps_of(pieces, size) == steps);
    // Without a size the server refuses it, and what follows is not a request.
    CHECK(count(steps_of({{'<', head + "x\r\n" + get}}), "2< ") == 0);
}

TEST_CASE("a body is cut at 2 KiB, and what is more is counted") {
    for (const std::size_t size : {2048u, 2049u, 100'000u}) {
        CAPTURE(size);
        const std::string head = "PUT / HTTP/1.1\r\nContent-Length: " + std::to_string(size);
        const std::string steps =
            steps_of({{'<', head + "\r\n\r\n" + std::string(size, 'x')}}, 999);
        CHECK(count(steps, "x") == 2048);
        CHECK(count(steps, " more bytes)") == (size > 2048 ? 1 : 0));
        if (size > 2048)
            CHECK(steps.ends_with("|(" + std::to_string(size - 2048) + " more bytes)|\n"));
    }
}

TEST_CASE("bytes that aren't text are counted, and so are those of a file") {
    std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5435\r\n\r\n";
    const std::string binary(5430, '\0');
    CHECK(steps_of({{'<', get}, {'>', head + "text\n" + binary}}, 700)
              .ends_with("1> text\\n|(5430 bytes that aren't text)|\n"));
    head = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n";
    const Pieces pieces = {{'<', get},
                           {'>', head},
                           {'#', "(1000000 bytes of a file)"},
                           {'#', "(48576 bytes of a file)"},
                           {'<', get},
                           {'>', no_content}};
    CHECK(steps_of(pieces).find("1> (1048576 bytes of a file)|\n2< ") != std::string::npos);
}

TEST_CASE("behind a 101 the frames are shown, and not the bytes that they consist of") {
    const Pieces pieces = {{'<', get},
                           {'>', "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
                           {'#', "text frame, 5 bytes: hello"},
                           {'>', "\x81\x05hello"},
                           {'<', "\n\nGET"}};
    CHECK(steps_of(pieces).ends_with("1> text frame, 5 bytes: hello|\n"));
}

TEST_CASE("a stream without an end is shown piece by piece, each cut at 2 KiB") {
    const std::string steps =
        steps_of({{'<', get},
                  {'>', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
                  {'>', "4\r\none\n\r\n"},
                  {'>', std::string(3000, 'x')}});
    CHECK(steps.find("1> 4\\r\\n|one\\n|\\r\\n|\n1> xxx") != std::string::npos);
    CHECK(steps.ends_with("|(952 more bytes)|\n"));
}

TEST_CASE("what is refused before it is complete is shown, and what still comes is counted") {
    const std::string refusal =
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const std::string steps = steps_of({{'<', "GET / HT"}, {'>', refusal}, {'<', get}});
    CHECK(steps.starts_with("1< GET / HT|\n1> HTTP/1.1 408"));
    CHECK(count(steps, "2< ") == 0);
    const std::string body = "PUT / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf a cook";
    CHECK(steps_of({{'<', body}, {'>', refusal}, {'<', "ie: s3cret"}})
              .ends_with("\n1< (10 more bytes)|\n"));
    const std::string head = "GET / HTTP/2.0\r\nAuthorization: Basic s3";
    CHECK(steps_of({{'<', head}, {'>', refusal}, {'<', "cret\r\n\r\n"}})
              .ends_with("\n1< (8 more bytes)|\n"));
    const std::string endless = "GET /" + std::string(100'000, 'x');
    CHECK(steps_of({{'<', endless}}, 1000).size() < WireReader::most_of_head + 100);
    CHECK(steps_of({{'>', refusal}}).starts_with("1> HTTP/1.1 408"));
    CHECK(steps_of({{'<', "\x16\x03\x01\x02"}}) == "1< (4 bytes that aren't text)|\n");
}

TEST_CASE("what comes after the last reply makes no exchange") {
    const std::string last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const std::string steps = steps_of({{'<', get + get}, {'>', last}, {'<', get + get + get}});
    CHECK(count(steps, "HTTP/1.1 200") == 1);
    CHECK(count(steps, "3< ") == 0);
}

TEST_CASE("the page's own exchanges are left out, and others on the same connection are not") {
    for (const char* target : {"/wire", "/wire?x", "/wire/events", "/static/wire.js", "/%77ire",
                               "HTTP://a/wire/events"}) {
        CAPTURE(std::string(target));
        const std::string own = "GET " + std::string(target) + " HTTP/1.1\r\n\r\n";
        const Pieces pieces = {{'<', get + own + get}, {'>', no_content + no_content + no_content}};
        CHECK(steps_of(pieces) == "1< " + shown_get + "\n3< " + shown_get + "\n1> " +
                                      shown_no_content + "\n3> " + shown_no_content + "\n");
    }
    CHECK(count(steps_of({{'<', "GET /wired HTTP/1.1\r\n\r\n"}}), "/wired") == 1);
}

TEST_CASE("a page is told what is remembered, and then what passes") {
    Watched site;
    exchange(7, "/before");
    const auto stream = site.listen(8);
    exchange(7, "/after");
    const std::string told = heard(*stream);
    CHECK(count(told, "data: ") == 4);
    CHECK(told.find("/before") < told.find("/after"));
    const std::size_t at = told.find("data: ") + 6;
    const Json event = Json::parse(told.substr(at, told.find('\n', at) - at));
    CHECK(event.at("exchange").as_int() == 1);
    CHECK(event.at("connection").as_int() == 7);
    CHECK(event.at("direction").as_string() == "<");
    CHECK(event.at("text").as_string() == "GET /before HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\n");
    CHECK(event.at("time").as_int() > 1'600'000'000'000);
    CHECK(event.at("after").as_double() >= 0);
}

TEST_CASE("what a stream of the wire sends makes no step, until its number is another client's") {
    Watched site;
    const auto stream = site.listen(8);
    heard(*stream);
    trace(8, '>', "GET / HTTP/1.1\r\n\r\n");
    trace(8, '<', get);
    CHECK(heard(*stream).empty());
    trace(8, '*', "closed");
    trace(8, '*', "connected");
    exchange(8, "/other");
    CHECK(count(heard(*stream), "/other") == 1);
}

TEST_CASE("the rest of a request is shown when its client hangs up") {
    Watched site;
    const auto stream = site.listen(8);
    trace(7, '<', "GET /hal");
    CHECK(count(heard(*stream), "/hal") == 0);
    trace(7, '*', "closed");
    CHECK(count(heard(*stream), "/hal") == 1);
}

TEST_CASE("no more than 200 exchanges are remembered, the newest") {
    Watched site;
    for (int i = 0; i < 250; ++i) exchange(7, "/" + std::to_string(i) + "-");
    const std::string told = heard(*site.listen(8));
    CHECK(count(told, "data: ") == 400);
    CHECK(count(told, "/49-") == 0);
    CHECK(count(told, "/50-") == 1);
    CHECK(count(told, "/249-") == 1);
}

TEST_CASE("no more than 256 KiB are remembered, and a page that begins with them gets more") {
    Watched site;
    for (int i = 0; i < 150; ++i) exchange(7, "/" + std::string(5000, 'x'));
    const auto stream = site.listen(8);
    for (int i = 0; i < 10; ++i) exchange(7, "/new");
    CHECK_FALSE(stream->dropped());
    const std::string told = heard(*stream);
    CHECK(count(told, "/new") == 10);
    CHECK(told.size() > 200 * 1024);
    CHECK(told.size() < 256 * 1024 + 10 * 1024);
}

TEST_CASE("a page that doesn't read is dropped, and the others miss nothing") {
    Watched site;
    const auto sleeps = site.listen(8);
    const auto reads = site.listen(9);
    std::size_t steps = 0;
    for (int i = 0; i < 1000; ++i) {
        exchange(7, "/" + std::string(5000, 'x'));
        steps += count(heard(*reads), "data: ");
    }
    CHECK(sleeps->dropped());
    CHECK_FALSE(reads->dropped());
    CHECK(steps == 2000);
}

TEST_CASE("nothing is traced once the wire has gone") {
    const bool before = tracing();
    {
        const Watched site;
        CHECK(tracing());
    }
    CHECK(tracing() == before);
}
