// One WebSocket conversation as bytes in and bytes out. The tables follow the order of the Autobahn
// test suite, which most WebSocket servers are tested with: framing, pings, reserved bits and
// opcodes, fragments, UTF-8, closing.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mutation.hpp"
#include "unit_websocket_frames.hpp"
#include "websocket/websocket.hpp"

using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

// An application that echoes everything and remembers what happened.
struct Echo {
    explicit Echo(const WebSocketLimits& limits = {}) : socket(handlers(), limits) {
        socket.open([this] { ++wakes; });
    }

    WebSocketHandlers handlers() {
        return {
            [this](const auto& opened) { client = opened; },
            [this](const auto& from, std::string_view message, bool is_text) {
                ++messages;
                if (message == "throw") throw std::runtime_error("a mistake, made on purpose");
                if (message == "close") return from->close(4000, "as you wish");
                is_text ? from->send_text(message) : from->send_binary(message);
            },
            [this](const auto&, std::uint16_t code, std::string_view reason) {
                closed += std::to_string(code) + "(" + std::string(reason) + ")";
            },
        };
    }

    // What the server sends in reply to these bytes.
    std::string tell(std::string_view bytes) {
        socket.feed(bytes);
        return describe(drain(socket));
    }

    int wakes = 0;
    int messages = 0;
    std::string closed;  // what on_close was told, every time that it was called
    std::shared_ptr<WebSocketClient> client;
    WebSocket socket;
};

struct Case {
    std::string name;
    std::string bytes;
    std::string output;  // the server's frames, as describe() writes them
    std::string closed;  // what on_close was told; empty if the conversation goes on
};

// One case, with the bytes in a first piece and further pieces of these sizes.
void check_case(const Case& expected, std::size_t first, std::size_t piece) {
    CAPTURE(expected.name);
    CAPTURE(first);
    CAPTURE(piece);
    Echo echo;
    std::string_view rest = expected.bytes;
    std::string all;
    for (std::size_t size = first; !rest.empty(); size = piece) {
        echo.socket.feed(rest.substr(0, size));
        all += drain(echo.socket);
        rest.remove_prefix(std::min(size, rest.size()));
    }
    CHECK(describe(all) == expected.output);
    CHECK(echo.closed == expected.closed);
    CHECK(echo.socket.finished() == !expected.closed.empty());
    CHECK_FALSE(echo.socket.dropped());
}

// The outcome must be the same however the bytes are cut.
void check_cases(const std::vector<Case>& cases) {
    for (const Case& each : cases) {
        const std::size_t size = each.bytes.size();
        check_case(each, size, size);
        if (size < 2000) {
            for (std::size_t cut = 1; cut < size; ++cut) check_case(each, cut, size);
            check_case(each, 1, 1);
        } else {
            for (std::size_t piece : {7u, 1000u, 4096u}) check_case(each, 3, piece);
        }
    }
}

// These bytes alone make the server close the connection with this code, without any other frame.
Case refused(const std::string& name, const std::string& bytes, const std::string& code,
             const std::string& reason) {
    return {name, bytes, "close(" + code + ")", code + "(" + reason + ")"};
}

const std::string smile = "\xF0\x9F\x98\x80";

}  // namespace

TEST_CASE("messages of every length come back as they were sent") {
    std::vector<Case> cases = {
        {"nothing", "", "", ""},
        {"a text", client::text("Hello"), "text(Hello)", ""},
        {"a binary message", client::binary("\xFF\x00\xFE"s), "binary(\xFF\x00\xFE)"s, ""},
        {"no text at all", client::text(""), "text()", ""},
        {"no bytes at all", client::binary(""), "binary()", ""},
        {"two at once", client::text("a") + client::binary("b"), "text(a) binary(b)", ""},
    };
    for (const std::size_t size : {125u, 126u, 127u, 128u, 65535u, 65536u, 131071u, 131072u}) {
        const std::string length = std::to_string(size);
        const std::string payload(size, '*');
        cases.push_back({"text of " + length, client::text(payload), "text(" + length + ")", ""});
        cases.push_back(
            {"bytes of " + length, client::binary(payload), "binary(" + length + ")", ""});
    }
    check_cases(cases);
}

TEST_CASE("a ping is answered with its payload, and a pong is not answered") {
    const std::string longest(125, '*');
    std::string ten;
    std::string ten_answers;
    for (char c = '0'; c <= '9'; ++c) {
        ten += client::ping(std::string(1, c));
        ten_answers += (ten_answers.empty() ? "pong(" : " pong(") + std::string(1, c) + ")";
    }
    check_cases({
        {"without payload", client::ping(), "pong()", ""},
        {"with text", client::ping("Hello"), "pong(Hello)", ""},
        {"with bytes that aren't UTF-8", client::ping("\x00\xFF\xFE"s), "pong(\x00\xFF\xFE)"s, ""},
        {"of the greatest length", client::ping(longest), "pong(125)", ""},
        {"ten of them", ten, ten_answers, ""},
        {"a pong without a ping", client::pong("hm"), "", ""},
        {"a pong, then a ping", client::pong("hm") + client::ping("hm?"), "pong(hm?)", ""},
        {"a ping, then a message", client::ping("1") + client::text("2"), "pong(1) text(2)", ""},
    });
}

TEST_CASE("a frame that breaks the rules is answered with 1002, after the messages before it") {
    const std::string reserved = "A reserved bit is set.";
    const std::string opcode = "The opcode is reserved.";
    const std::string too_long = "A control frame is too long.";
    const std::string fragmented = "A control frame must not be fragmented.";
    const std::string length = "The length uses more bytes than it needs.";
    const std::string unmasked = "A client must mask its frames.";
    std::vector<Case> cases = {
        {"a good message before a bad one",
         client::text("good") + client::frame(0xC1, "bad") + client::ping(),
         "text(good) close(1002)", "1002(" + reserved + ")"},
        refused("a reserved bit in a ping", client::frame(0xA9, ""), "1002", reserved),
        refused("a reserved bit in a close", client::frame(0xD8, "\x03\xE8"), "1002", reserved),
        refused("a ping that is too long", client::ping(std::string(126, '*')), "1002", too_long),
        refused("a close that is too long", client::close(1000, std::string(124, '*')), "1002",
                too_long),
        refused("a ping in parts", client::frame(0x09, "a") + client::last("b"), "1002",
                fragmented),
        refused("a close in parts", client::frame(0x08, ""), "1002", fragmented),
        refused("a pong in parts", client::frame(0x0A, ""), "1002", fragmented),
        refused("5 bytes, length in 2", client::frame(0x81, "Hello", 2), "1002", length),
        refused("5 bytes, length in 8", client::frame(0x81, "Hello", 8), "1002", length),
        refused("a ping, length in 2", client::frame(0x89, "Hello", 2), "1002", length),
        refused("a text without a mask", "\x81\x05Hello", "1002", unmasked),
        refused("an empty ping without a mask", "\x89\x00"s, "1002", unmasked),
        refused("a close without a mask", "\x88\x02\x03\xE8"s, "1002", unmasked),
        refused("a length of 2^63", "\x82\xFF\x80\0\0\0\0\0\0\0"s + "mask", "1002",
                "The length is too large."),
    };
    for (const int bits : {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70}) {
        const std::string name = "reserved bits " + std::to_string(bits >> 4);
        cases.push_back(refused(name, client::frame(0x81 | bits, "x"), "1002", reserved));
    }
    for (const int code : {0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF}) {
        const std::string name = "opcode " + std::to_string(code);
        cases.push_back(refused(name, client::frame(0x80 | code, "x"), "1002", opcode));
    }
    check_cases(cases);
}

TEST_CASE("a message may come in several frames, with control frames between them") {
    const std::string not_complete = "The previous message isn't complete.";
    const std::string no_message = "There is no message to continue.";
    std::string many = client::first_text("");
    for (int i = 0; i < 1000; ++i) many += client::middle("*");
    check_cases({
        {"two parts", client::first_text("Hel") + client::last("lo"), "text(Hello)", ""},
        {"three parts", client::first_binary("H") + client::middle("ell") + client::last("o"),
         "binary(Hello)", ""},
        {"empty parts", client::first_text("") + client::middle("") + client::last(""), "text()",
         ""},
        {"a thousand parts", many + client::last(""), "text(1000)", ""},
        {"a ping between", client::first_text("a") + client::ping("p") + client::last("b"),
         "pong(p) text(ab)", ""},
        {"pings and pongs between",
         client::first_text("a") + client::ping("1") + client::pong() + client::middle("b") +
             client::ping("2") + client::last("c"),
         "pong(1) pong(2) text(abc)", ""},
        {"a ping that isn't UTF-8 within a text",
         client::first_text("a\xC3") + client::ping("\xFF") + client::last("\xA9"),
         "pong(\xFF) text(a\xC3\xA9)", ""},
        {"a close between", client::first_text("a") + client::close(1000) + client::last("b"),
         "close(1000)", "1000()"},
        {"two messages in parts",
         client::first_text("a") + client::last("b") + client::first_binary("c") +
             client::last("d"),
         "text(ab) binary(cd)", ""},
        refused("a last part of nothing", client::last("x"), "1002", no_message),
        refused("a middle part of nothing", client::middle("x"), "1002", no_message),
        {"a part after the last one",
         client::first_text("a") + client::last("b") + client::last("c"), "text(ab) close(1002)",
         "1002(" + no_message + ")"},
        refused("a new text within one", client::first_text("a") + client::text("b"), "1002",
                not_complete),
        refused("a new first part within one", client::first_text("a") + client::first_text("b"),
                "1002", not_complete),
        refused("a binary part within a text", client::first_text("a") + client::binary("b"),
                "1002", not_complete),
    });
}

TEST_CASE("a text must be UTF-8 across its frames, and a binary message may be any bytes") {
    const std::string wrong = "The text is not UTF-8.";
    const std::string cut = "The text ends within a character.";
    std::vector<Case> cases = {
        {"a character of four bytes", client::text(smile), "text(" + smile + ")", ""},
        {"one byte a frame",
         client::first_text("\xF0") + client::middle("\x9F") + client::ping() +
             client::middle("\x98") + client::last("\x80"),
         "pong() text(" + smile + ")", ""},
        {"the highest character", client::text("\xF4\x8F\xBF\xBF"), "text(\xF4\x8F\xBF\xBF)", ""},
        {"a NUL", client::text("\0"s), "text(\0)"s, ""},
        {"binary that isn't UTF-8", client::first_binary("\xFF\xC0") + client::last("\x80\xED\xA0"),
         "binary(\xFF\xC0\x80\xED\xA0)", ""},
        refused("the end within a character", client::text(smile.substr(0, 3)), "1007", cut),
        refused("the end within a character, in parts",
                client::first_text("caf") + client::last("\xC3"), "1007", cut),
        refused("wrong in the second part", client::first_text("caf") + client::last("\xFF"),
                "1007", wrong),
        refused("a message does not complete the one before it",
                client::text("\xC3") + client::text("\xA9"), "1007", cut),
        {"a good one after binary junk", client::binary("\xC3") + client::text("\xC3\xA9"),
         "binary(\xC3) text(\xC3\xA9)", ""},
    };
    for (const std::string bytes :
         {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFE",
          "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80"
          "edited"}) {
        cases.push_back(refused("wrong bytes", client::text(bytes), "1007", wrong));
    }
    check_cases(cases);
}

TEST_CASE("a wrong byte in a text is reported before the rest of the text arrives") {
    Echo echo;
    const std::string frame = client::text(std::string(50, '*') + "\xFF" + std::string(50, '*'));
    CHECK(echo.tell(frame.substr(0, 6 + 50)) == "");
    CHECK(echo.tell(frame.substr(6 + 50, 1)) == "close(1007)");
    CHECK(echo.socket.finished());

    Echo too_high;  // no second byte from 0x90 on can follow 0xF4
    CHECK(too_high.tell(client::first_text("\xF4")) == "");
    CHECK(too_high.tell(client::middle("\x90")) == "close(1007)");
}

TEST_CASE("a close frame is echoed with its code, and nothing after it is looked at") {
    const std::string longest(123, '*');
    std::vector<Case> cases = {
        {"without a code", client::frame(0x88, ""), "close()", "1005()"},
        {"with a code", client::close(1000), "close(1000)", "1000()"},
        {"with a reason", client::close(1000, "bye"), "close(1000)", "1000(bye)"},
        {"with the longest reason", client::close(1000, longest), "close(1000)",
         "1000(" + longest + ")"},
        {"a message before it", client::text("a") + client::close(1000), "text(a) close(1000)",
         "1000()"},
        {"a message, a ping and another close frame after it",
         client::close(1001) + client::text("a") + client::ping() + client::close(1000),
         "close(1001)", "1001()"},
        {"bytes after it that aren't frames", client::close(1000) + "\xFF\xFF\xFF\xFF",
         "close(1000)", "1000()"},
        refused("half a code", client::frame(0x88, "\x03"), "1002", "A close code has two bytes."),
        refused("a reason that is not UTF-8", client::close(1000, "\xCE\xBA\xE1\xFF"), "1007",
                "The close reason is not UTF-8."),
        refused("a reason that ends within a character", client::close(1000, "\xCE"), "1007",
                "The close reason is not UTF-8."),
    };
    for (const unsigned code : {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u,
                                3000u, 3999u, 4000u, 4999u}) {
        const std::string number = std::to_string(code);
        cases.push_back({number, client::close(code), "close(" + number + ")", number + "()"});
    }
    for (const unsigned code :
         {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u}) {
        cases.push_back(refused(std::to_string(code), client::close(code), "1002",
                                "The close code is not valid."));
    }
    check_cases(cases);
}

TEST_CASE("a message past the limit is refused as soon as its header has come") {
    Echo one;
    CHECK(one.tell(client::text(std::string(131073, '*')).substr(0, 14)) == "close(1009)");
    Echo huge;
    CHECK(huge.tell("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFmask") == "close(1009)");
    Echo parts;
    CHECK(parts.tell(client::first_text(std::string(131072, '*'))) == "");
    CHECK(parts.tell(client::middle("")) == "");
    CHECK(parts.tell(client::middle("*").substr(0, 6)) == "close(1009)");
    CHECK(parts.closed == "1009(The message is too long.)");

    Echo again;  // the limit is for each message, not for their sum
    for (int i = 0; i < 3; ++i) {
        CHECK(again.tell(client::text(std::string(131072, '*'))) == "text(131072)");
    }
}

TEST_CASE("messages that are half received share one memory, which the short ones don't need") {
    BodyBudget two_steps(2 * BodyBudget::step);
    WebSocketLimits limits;
    limits.bodies = &two_steps;
    const std::string message = client::text(std::string(10'000, '*'));
    const std::string half = message.substr(0, 9'000);
    Echo one(limits), guest(limits), refused(limits), brief(limits);
    std::optional<Echo> gone(limits);
    CHECK(one.tell(half) == "");
    CHECK(gone->tell(half) == "");
    CHECK(guest.tell(half) == "");  // one is always let in
    CHECK(refused.tell(half) == "close(1013)");
    CHECK(brief.tell(client::text(std::string(4096, '*')).substr(0, 4000)) == "");

    gone.reset();
    Echo next(limits);
    CHECK(next.tell(half) == "close(1013)");  // the guest owes that memory
    CHECK(guest.tell(message.substr(9'000)) == "text(10000)");
    Echo another(limits);
    CHECK(another.tell(half) == "");
}

TEST_CASE("a message that takes part in the memory of all must not take for ever") {
    BodyBudget budget(64 << 20);
    WebSocketLimits limits;
    limits.bodies = &budget;
    limits.whole = 0s;
    Echo echo(limits);
    const std::string message = client::text(std::string(10'000, '*'));
    CHECK(echo.tell(message) == "text(10000)");
    CHECK(echo.socket.deadline() > Clock::now());
    CHECK(echo.tell(message.substr(0, 9'000)) == "");
    CHECK(echo.socket.deadline() <= Clock::now());
    echo.socket.time_out();
    CHECK(describe(drain(echo.socket)) == "close(1008)");
    CHECK(echo.closed == "1008(The message took too long to arrive.)");
    CHECK(echo.socket.deadline() > Clock::now());
}

TEST_CASE("an exception in the application is code 1011, and the client isn't told what it was") {
    Echo echo;
    echo.socket.feed(client::text("a") + client::text("throw") + client::text("b"));
    const std::string output = drain(echo.socket);
    CHECK(describe(output) == "text(a) close(1011)");
    CHECK(output.find("on purpose") == std::string::npos);
    CHECK(echo.closed == "1011(Something went wrong on the server.)");

    WebSocketHandlers handlers;
    handlers.on_open = [](const auto&) { throw std::runtime_error("made on purpose as well"); };
    handlers.on_close = [](const auto&, auto, auto) { throw std::runtime_error("and this one"); };
    WebSocket socket(handlers);
    socket.open({});
    CHECK(describe(drain(socket)) == "close(1011)");
    CHECK(socket.finished());
}

TEST_CASE("an application that throws what isn't an exception ends its conversation, and no more") {
    WebSocketHandlers handlers;
    handlers.on_message = [](const auto&, auto, bool) { throw 42; };
    handlers.on_close = [](const auto&, auto, auto) { throw 42; };
    WebSocket socket(handlers);
    socket.open({});
    socket.feed(client::text("a") + client::text("b"));
    CHECK(describe(drain(socket)) == "close(1011)");
    CHECK(socket.finished());
}

TEST_CASE("the server may speak first, and a program may do without handlers") {
    WebSocketHandlers handlers;
    handlers.on_open = [](const auto& client) { CHECK(client->send_text("welcome")); };
    WebSocket greeter(handlers);
    CHECK(greeter.take_output() == "");
    greeter.open({});
    CHECK(describe(drain(greeter)) == "text(welcome)");

    WebSocket quiet({});
    quiet.open({});
    quiet.feed(client::text("hello?") + client::ping() + client::close(1000));
    CHECK(describe(drain(quiet)) == "pong() close(1000)");
}

TEST_CASE("after the application's close frame only the client's close frame is waited for") {
    Echo echo;
    CHECK(echo.tell(client::text("a") + client::text("close") + client::text("b")) ==
          "text(a) close(4000)");
    CHECK_FALSE(echo.socket.finished());
    CHECK(echo.socket.deadline() <= Clock::now() + 5s);
    CHECK_FALSE(echo.client->send_text("too late"));
    CHECK(echo.tell(client::text("c") + client::ping("d")) == "");
    CHECK(echo.messages == 2);
    CHECK(echo.tell(client::close(4000)) == "");
    CHECK(echo.socket.finished());
    CHECK_FALSE(echo.socket.dropped());
    CHECK(echo.closed == "4000()");

    Echo slow;  // the answer to an earlier ping gains it no more time
    slow.socket.time_out();
    slow.client->close(4000);
    CHECK(describe(drain(slow.socket)) == "ping() close(4000)");
    slow.socket.feed(client::pong());
    CHECK(slow.socket.deadline() <= Clock::now() + 5s);

    Echo busy;  // its time for the answer begins when our close frame is on its way
    busy.client->send_binary(std::string(100'000, '*'));
    busy.client->close(4000);
    CHECK(describe(busy.socket.take_output()) == "binary(100000)");
    CHECK(busy.socket.deadline() > Clock::now() + 20s);
    CHECK(describe(busy.socket.take_output()) == "close(4000)");
    CHECK(busy.socket.deadline() <= Clock::now() + 5s);

    Echo silent;
    CHECK(silent.tell(client::text("close")) == "close(4000)");
    silent.socket.time_out();
    CHECK(silent.socket.dropped());
    CHECK(silent.closed == "1006()");

    CHECK_THROWS_AS(Echo().client->close(1005), std::invalid_argument);
    CHECK_THROWS_AS(Echo().client->close(999), std::invalid_argument);
}

TEST_CASE("a server that stops sends what still waits, and then a close frame with 1001") {
    Echo echo;
    echo.client->send_text("last words");
    echo.socket.stop();
    echo.socket.stop();
    const std::string output = drain(echo.socket);
    CHECK(describe(output) == "text(last words) close(1001)");
    CHECK(output.ends_with("The server is shutting down."));
    CHECK_FALSE(echo.socket.finished());
    CHECK(echo.tell(client::close(1001)) == "");
    CHECK(echo.socket.finished());
}

TEST_CASE("a silent client is pinged every 30 s, and dropped if it doesn't answer within 20 s") {
    Echo echo;
    const auto due_in = [&] { return echo.socket.deadline() - Clock::now(); };
    CHECK(due_in() > 29s);
    CHECK(due_in() <= 30s);
    for (int i = 0; i < 3; ++i) {
        echo.socket.time_out();
        CHECK(describe(drain(echo.socket)) == "ping()");
        CHECK(due_in() <= 20s);
        CHECK(echo.tell(client::pong()) == "");
        CHECK(due_in() > 29s);
    }
    echo.socket.time_out();
    CHECK(describe(drain(echo.socket)) == "ping()");
    echo.socket.feed("\x81");  // the beginning of a frame also shows that it is alive
    CHECK(due_in() > 29s);

    echo.socket.time_out();
    CHECK_FALSE(echo.socket.finished());
    echo.socket.time_out();
    CHECK(echo.socket.finished());
    CHECK(echo.socket.dropped());
    CHECK(drain(echo.socket) == "");
    CHECK(echo.closed == "1006()");
    CHECK_FALSE(echo.client->send_text("hello?"));
}

TEST_CASE("when a client hangs up without a close frame, on_close is told 1006, once") {
    Echo echo;
    CHECK(echo.tell(client::text("a") + client::first_text("b")) == "text(a)");
    echo.socket.end_of_input();
    CHECK(echo.socket.finished());
    CHECK(echo.closed == "1006()");
    echo.socket.end_of_input();
    CHECK(echo.closed == "1006()");

    Echo polite;  // it hangs up after its close frame, which still has to be answered
    polite.socket.feed(client::text("a") + client::close(1000));
    polite.socket.end_of_input();
    CHECK(describe(drain(polite.socket)) == "text(a) close(1000)");
    CHECK(polite.closed == "1000()");
}

TEST_CASE("on_close is called even if the engine just destroys the conversation") {
    std::string closed;
    std::shared_ptr<WebSocketClient> kept;
    WebSocketHandlers handlers;
    handlers.on_open = [&](const auto& client) { kept = client; };
    handlers.on_close = [&](const auto&, std::uint16_t code, std::string_view) {
        closed += std::to_string(code);
    };
    { const WebSocket never_opened(handlers); }
    CHECK(closed == "");
    const auto engine = std::make_shared<int>();
    {
        WebSocket socket(handlers);
        socket.open([engine] { FAIL("woken after the end"); });
        CHECK(socket.take_output() == "");
        CHECK(closed == "");
    }
    CHECK(closed == "1006");
    CHECK(engine.use_count() == 1);  // a client that is kept keeps nothing of the engine
    CHECK_FALSE(kept->send_text("are you there?"));
    kept->close();

    closed.clear();
    {
        WebSocket socket(handlers);
        socket.open({});
        socket.feed(client::close(1000));
    }
    CHECK(closed == "1000");
}

TEST_CASE("a client that pings and never reads costs a bounded amount of memory") {
    Echo echo;
    const std::string payload(125, '*');
    for (int i = 0; i < 100'000; ++i) echo.socket.feed(client::ping(payload));
    echo.socket.feed(client::ping("last"));
    const std::string output = drain(echo.socket);
    CHECK(output.size() < 32 * 1024);
    CHECK(describe(output).ends_with(" pong(last)"));
}

TEST_CASE("a message in a hundred thousand empty frames is one message") {
    Echo echo;
    std::string bytes = client::first_binary("");
    for (int i = 0; i < 100'000; ++i) bytes += client::middle("");
    CHECK(echo.tell(bytes) == "");
    CHECK(echo.tell(client::last("x")) == "binary(x)");
}

TEST_CASE("damaged bytes lead to the same frames and the same end, however they are cut") {
    const std::vector<std::string> samples = {
        client::text("Hello") + client::binary("\xFF\x00"s) + client::close(1000, "bye"),
        client::first_text("caf\xC3") + client::ping("p") + client::last("\xA9") +
            client::text("x"),
        client::text(std::string(300, '*')) + client::pong() + client::frame(0x88, ""),
        client::first_binary(std::string(130, 'b')) + client::middle("") + client::last("e"),
    };
    const std::vector<std::string> words = {
        client::ping("w"),      client::text("w"),  client::close(1001), client::last("w"),
        client::first_text(""), "\x81\xFE\xFF\xFF", "\x82\xFF",          "\x88\x80"};
    try_mutations("WebSocket", samples, words, [](const std::string& bytes) {
        CAPTURE(bytes);
        Echo whole;
        const std::string output = whole.tell(bytes);  // describe() checks that frames are whole
        Echo cut;
        std::string output_of_cut;
        for (char c : bytes) {
            cut.socket.feed({&c, 1});
            output_of_cut += drain(cut.socket);
        }
        // A pong may overtake messages that wait, so the order of the frames may differ. Which
        // frames there are, and how the conversation ends, may not.
        CHECK(describe(output_of_cut).size() == output.size());
        CHECK(cut.closed == whole.closed);
        CHECK(cut.socket.finished() == whole.socket.finished());
        CHECK((output.find("close(") != std::string::npos) == whole.socket.finished());
    });
}
