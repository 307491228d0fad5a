// WebSocket (RFC 6455) at /ws/echo, which sends back what it is sent: the handshake, messages of
// all lengths and in any pieces, and the close code for each mistake.
#include "websocket.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "text.hpp"

namespace {

// Bytes that a client must not send, and what is wrong with them.
struct Mistake {
    std::string what;
    std::string bytes;
};

void expect_refused(const std::vector<Mistake>& mistakes, const Statuses& codes,
                    const Reason& reason, Where where = Where::here()) {
    for (const auto& [what, bytes] : mistakes) {
        WebSocket socket("/ws/echo");
        socket.send(bytes);
        Reason this_one = reason;
        this_one.why += " (here: " + what + ")";
        expect_goodbye(socket, codes, this_one, where);
    }
}

std::string text_of(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += static_cast<char>('a' + i * i % 25);
    return text;
}

// Bytes of every value, most of which are not UTF-8.
std::string bytes_of(std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; bytes.size() < size; ++i) bytes += static_cast<char>(i * 7 + i / 256);
    return bytes;
}

const std::string accents = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5 \xf0\x9f\x8e\x89";

}  // namespace

TEST_SUITE_BEGIN("level4 / 6 WebSocket");

TEST_CASE("the handshake is answered with 101 and the key that belongs to the client's") {
    const std::pair<const char*, const char*> keys[] = {
        {"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
        {"x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="},
        // RFC 6455 §4.1. It ends in bits that 16 bytes don't need, and that aren't zero.
        {"AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="}};
    for (const auto& [key, accept] : keys) {
        Client client;
        client.send(handshake("/ws/echo", {std::string("Sec-WebSocket-Key: ") + key}));
        Exchange reply = client.read_reply();
        expect_status(reply, 101, {"MUST RFC 6455 §4.2.2: both sides leave HTTP"});
        expect_field(
            reply, "Sec-WebSocket-Accept", accept,
            {"MUST RFC 6455 §1.3: the key as it was sent, then the GUID; SHA-1, then Base64",
             "the key is not decoded, and the digest is 20 raw bytes, not hex"});
        expect_listed(reply, "Upgrade", "websocket", {"MUST RFC 6455 §4.2.2"});
        expect_listed(reply, "Connection", "Upgrade", {"MUST RFC 6455 §4.2.2"});
        for (const char* name : {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"})
            expect_absent(reply, name, {"MUST RFC 6455 §4.1: the client has not offered any"});
    }
}

TEST_CASE("the words of a handshake may be in upper or lower case, and in lists") {
    const std::vector<std::vector<std::string>> variants = {
        {"upgrade: WebSocket", "connection: UPGRADE"},
        {"Connection: keep-alive, Upgrade"},
        {"Connection: keep-alive", "CONNECTION: upgrade"},
        {"Upgrade: h2c, websocket"},
        {"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: permessage-deflate"}};
    for (const auto& fields : variants) {
        Client client;
        client.send(handshake("/ws/echo", fields));
        Exchange reply = client.read_reply();
        expect_status(
            reply, 101,
            {"MUST RFC 6455 §4.2.1: names and values are compared without regard to case, in lists",
             "Firefox sends `Connection: keep-alive, Upgrade`"});
        expect_absent(reply, "Sec-WebSocket-Extensions",
                      {"MUST RFC 6455 §9.1: a server that names an extension has to speak it",
                       "don't mention what you don't support; the client then does without it"});
    }
}

TEST_CASE("another version of the protocol gets 426 and the version that the server speaks") {
    for (const char* version : {"8", "7", "12", "14", "0", "130", "x"}) {
        Exchange reply =
            exchange(handshake("/ws/echo", {std::string("Sec-WebSocket-Version: ") + version,
                                            "Connection: Upgrade, close"}));
        expect_status(reply, 426,
                      {"MUST RFC 6455 §4.4: the client can try again with our version"});
        expect_field(reply, "Sec-WebSocket-Version", "13",
                     {"MUST RFC 6455 §4.4, RFC 9110 §15.5.22: 426 says what the server speaks"});
    }
}

TEST_CASE("what is not quite a handshake is refused, and stays HTTP") {
    const std::vector<std::pair<std::string, std::vector<std::string>>> wrong = {
        {"no Upgrade", {"Upgrade:"}},
        {"another protocol", {"Upgrade: h2c"}},
        {"no Connection", {"Connection:"}},
        {"Connection without upgrade", {"Connection: keep-alive"}},
        {"no version", {"Sec-WebSocket-Version:"}},
        {"no key", {"Sec-WebSocket-Key:"}},
        {"a key of 15 bytes", {"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P"}},
        {"a key of 17 bytes", {"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEBE="}},
        {"a key without its padding", {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"}},
        {"a key that isn't Base64", {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub2*jZQ=="}},
        {"two versions, with a good key",
         {"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"}},
        {"two keys",
         {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}}};
    for (const auto& [what, fields] : wrong) {
        Client client;
        client.send(handshake("/ws/echo", fields));
        const bool about_key = contains(what, "key");
        expect_status(
            client.read_reply(), about_key ? Statuses{400} : Statuses{400, 426},
            {"MUST RFC 6455 §4.2.1: every part of the handshake is checked (here: " + what + ")"});
    }
    std::string old = handshake("/ws/echo");
    old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
    expect_status(exchange(old), {400, 426, 505}, {"MUST RFC 6455 §4.2.1: HTTP/1.1 or higher"});
    std::string post = handshake("/ws/echo", {"Content-Length: 0", "Connection: Upgrade, close"});
    post.replace(0, 3, "POST");
    expect_status(exchange(post), {400, 405, 426}, {"MUST RFC 6455 §4.2.1: the method is GET"});
    expect_status(exchange(get("/ws/echo")), {400, 426},
                  {"an ordinary GET gets nothing at this address"});
}

TEST_CASE("pages of other sites can't open a WebSocket") {
    const char* own[] = {"http://localhost:9000", "https://localhost:9000",
                         "http://LOCALHOST:9000"};
    const char* foreign[] = {"http://evil.example",           "http://localhost",
                             "http://localhost:9001",         "http://localhost:9000.evil.example",
                             "http://evil.example/localhost", "null",
                             "http://xlocalhost:9000"};
    const auto ask = [](const char* origin) {
        Client client;
        client.send(
            handshake("/ws/echo", {"Host: localhost:9000", std::string("Origin: ") + origin}));
        return client.read_reply();
    };
    for (const char* origin : own)
        expect_status(ask(origin), 101,
                      {"the page is ours, because its origin is the Host that it asks",
                       "compare without the scheme, because a proxy may end TLS for us"});
    for (const char* origin : foreign)
        expect_status(ask(origin), 403,
                      {"SHOULD RFC 6455 §10.2: browsers let any page open one, with our cookies",
                       "compare the whole host and port, not the beginning or the end", origin});
}

TEST_CASE("text and binary of every length come back as they were") {
    WebSocket socket("/ws/echo");
    for (std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 131072u}) {
        for (const auto& [opcode, payload] :
             {std::pair(op_text, text_of(size)), std::pair(op_binary, bytes_of(size))}) {
            socket.send(frame(opcode, payload));
            expect_message(socket, opcode, payload,
                           {"MUST RFC 6455 §5.2: the length is in 7 bits, or in 2 or 8 more bytes",
                            "126 and 127 in the 7 bits aren't lengths; they say what follows"});
        }
    }
}

TEST_CASE("it makes no difference in how many pieces a frame arrives") {
    WebSocket socket("/ws/echo");
    const std::string message = text_of(130);
    const std::string bytes = frame(op_ping, "p") + frame(op_text, message) + frame(op_text, "");
    for (char byte : bytes) {
        socket.send({&byte, 1});
        let_pass(0.0005);  // so that the server usually sees them apart
    }
    const Reason reason = {"TCP is a stream, so even the head of a frame can be cut anywhere",
                           "keep what has come until the whole head is there"};
    expect_message(socket, op_pong, "p", reason);
    expect_message(socket, op_text, message, reason);
    expect_message(socket, op_text, "", reason);
}

TEST_CASE("frames that come together with the handshake are not lost") {
    WebSocket socket("/ws/echo", shared_server(),
                     frame(op_text, "early") + frame(op_binary, "bird") + frame(op_text, "cut"));
    const Reason reason = {"what follows the request in the same read() is the first frame",
                           "hand on the bytes that the HTTP parser has not used"};
    expect_message(socket, op_text, "early", reason);
    expect_message(socket, op_binary, "bird", reason);
    expect_message(socket, op_text, "cut", reason);
}

TEST_CASE("ten thousand messages in one go are answered one by one, in order") {
    constexpr int count = 10'000;
    std::string bytes;
    for (int i = 0; i < count; ++i) bytes += frame(op_text, std::to_string(i));
    WebSocket socket("/ws/echo", shared_server(), bytes);
    int right = 0;
    Frame got;
    while (right < count) {
        got = socket.read_message();
        if (got.opcode != op_text || got.payload != std::to_string(right)) break;
        ++right;
    }
    expect(right == count, right == count ? Exchange{} : socket.so_far(),
           "text '" + std::to_string(right) + "' next", got.description(),
           {"one read() may hold many frames", "go on until what was read is used up"});
}

TEST_CASE("a client that sends 8 MiB before reading any of it gets all of it back") {
    WebSocket socket("/ws/echo", shared_server(), {}, 4096);
    const std::string payload = bytes_of(65536);
    const std::string large = frame(op_binary, payload);
    for (int i = 0; i < 128; ++i) socket.send(large);
    for (int i = 0; i < 128; ++i)
        if (!expect_message(socket, op_binary, payload,
                            {"a client may write before it reads, and TCP makes it wait",
                             "stop reading from a client that has not taken what it was sent"}))
            return;
}

TEST_CASE("a message in parts is put together, and control frames may come in between") {
    WebSocket socket("/ws/echo");
    const Making first_parts = {.final = false};
    socket.send(frame(op_text, "Hel", first_parts) + frame(op_ping, "between"));
    expect_message(socket, op_pong, "between",
                   {"MUST RFC 6455 §5.4: control frames may come in the middle of a message",
                    "answer the ping at once, not after the message"});
    socket.send(frame(op_continuation, "", first_parts) +
                frame(op_continuation, "lo, ", first_parts) + frame(op_pong, "unasked") +
                frame(op_continuation, "world"));
    expect_message(socket, op_text, "Hello, world",
                   {"MUST RFC 6455 §5.4: all parts together, even empty ones, are the message"});
    socket.send(frame(op_binary, "", first_parts) + frame(op_continuation, ""));
    expect_message(socket, op_binary, "", {"the type is that of the first part"});
}

TEST_CASE("each client's message is put together from its own parts") {
    WebSocket first("/ws/echo");
    WebSocket second("/ws/echo");
    const Reason reason = {"RFC 6455 §5.4: the parts of a message come on one connection",
                           "keep what has come of a message with its connection"};
    // Once the ping is answered, the part before it has been read.
    for (const auto& [socket, part] : {std::pair(&first, "a1"), std::pair(&second, "b1")}) {
        socket->send(frame(op_text, part, {.final = false}) + frame(op_ping, ""));
        expect_message(*socket, op_pong, "", reason);
    }
    first.send(frame(op_continuation, "a2"));
    expect_message(first, op_text, "a1a2", reason);
    second.send(frame(op_continuation, "b2"));
    expect_message(second, op_text, "b1b2", reason);
}

TEST_CASE("a ping is answered with the same payload, an unsolicited pong not at all") {
    WebSocket socket("/ws/echo");
    for (const std::string& payload : {std::string(), std::string("x"), bytes_of(125)}) {
        socket.send(frame(op_ping, payload));
        expect_message(socket, op_pong, payload,
                       {"MUST RFC 6455 §5.5.3: identical application data"});
    }
    socket.send(frame(op_pong, "unasked"));
    expect_echo(socket, "still here", {"MUST RFC 6455 §5.5.3: an unsolicited pong is allowed"});
}

TEST_CASE("the close handshake echoes the code, and nothing is answered after it") {
    for (int code : {1000, 1001, 1003, 1007, 1008, 1011, 3000, 4999}) {
        WebSocket socket("/ws/echo");
        socket.send(frame(op_close, close_payload(code, "Gr\xc3\xbc\xc3\x9f")) +
                    frame(op_text, "too late") + frame(op_ping, "too late"));
        expect_goodbye(socket, code, {"SHOULD RFC 6455 §5.5.1: typically the code is echoed"});
    }
    WebSocket socket("/ws/echo");
    socket.send(frame(op_close, ""));
    expect_goodbye(socket, {0, 1000}, {"MUST RFC 6455 §5.5.1: a close frame may be empty"});
}

TEST_CASE("messages that were sent before the close frame are answered before it") {
    WebSocket socket("/ws/echo");
    socket.send(frame(op_text, "one") + frame(op_text, "two") +
                frame(op_close, close_payload(1000)));
    expect_message(socket, op_text, "one",
                   {"MUST RFC 6455 §5.5.1: the close frame is the last one"});
    expect_message(socket, op_text, "two",
                   {"MUST RFC 6455 §5.5.1: the close frame is the last one"});
    expect_goodbye(socket, 1000, {"MUST RFC 6455 §5.5.1"});
}

TEST_CASE("a frame that breaks the protocol ends the conversation with 1002") {
    std::vector<Mistake> mistakes = {
        {"not masked", frame(op_text, "Hello", {.masked = false})},
        {"a ping that is not masked", frame(op_ping, "", {.masked = false})},
        {"bit RSV1", frame(op_text, "Hello", {.reserved = 4})},
        {"bit RSV2", frame(op_binary, "Hello", {.reserved = 2})},
        {"bit RSV3", frame(op_ping, "", {.reserved = 1})},
        {"a ping in parts", frame(op_ping, "Hel", {.final = false})},
        {"a close frame in parts", frame(op_close, close_payload(1000), {.final = false})},
        {"a ping of 126 bytes", frame(op_ping, std::string(126, 'x'))},
        {"a close frame of 126 bytes", frame(op_close, close_payload(1000, std::string(124, 'x')))},
        {"a control frame of 64 KiB", frame(op_pong, std::string(65536, 'x'))},
        {"a continuation of nothing", frame(op_continuation, "Hello")},
        {"a first part that says continuation", frame(op_continuation, "Hel", {.final = false})}};
    for (int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        mistakes.push_back({"opcode " + std::to_string(opcode), frame(opcode, "")});
    expect_refused(mistakes, 1002,
                   {"MUST RFC 6455 §5.1, §5.2, §5.4, §5.5, §7.4.1: a protocol error is 1002",
                    "check the head of a frame before you wait for its payload"});
    WebSocket socket("/ws/echo");
    socket.send(frame(op_binary, "", {.final = false}) + frame(op_continuation, "") +
                frame(op_continuation, "lo"));
    expect_message(socket, op_binary, "", {"the message is whole"});
    expect_goodbye(socket, 1002, {"MUST RFC 6455 §5.4: there is no longer a message to continue"});
}

TEST_CASE("a new message within another one ends the conversation with 1002") {
    for (int opcode : {op_text, op_binary})
        expect_refused({{"a second first part",
                         frame(op_text, "Hel", {.final = false}) + frame(opcode, "lo")}},
                       1002, {"MUST RFC 6455 §5.4: the parts of messages must not be interleaved"});
}

TEST_CASE("a length in more bytes than it needs, or with its top bit set, is an error") {
    expect_refused({{"125 in 2 bytes", frame(op_text, text_of(125), {.length_bytes = 2})},
                    {"0 in 8 bytes", frame(op_text, "", {.length_bytes = 8})},
                    {"65535 in 8 bytes", frame(op_text, text_of(65535), {.length_bytes = 8})}},
                   1002, {"MUST RFC 6455 §5.2: the minimal number of bytes must be used"});
    std::string negative = frame(op_binary, "", {.length_bytes = 8, .announced = 1});
    negative[2] = '\x80';
    expect_refused({{"2^63 + 1", negative}}, {1002, 1009},
                   {"MUST RFC 6455 §5.2: the most significant bit must be 0"});
}

TEST_CASE("a message of more than 128 KiB is refused with 1009, before its bytes have arrived") {
    expect_refused(
        {{"131073 bytes announced", frame(op_binary, "", {.announced = 131073})},
         {"4 GiB announced", frame(op_text, "", {.announced = 1ll << 32})},
         {"2^62 bytes announced", frame(op_text, "", {.announced = 1ll << 62})},
         {"131073 bytes in three parts",
          frame(op_binary, bytes_of(65536), {.final = false}) +
              frame(op_continuation, bytes_of(65536), {.final = false}) +
              frame(op_continuation, "", {.announced = 1})},
         {"a part whose length would overflow a sum",
          frame(op_binary, bytes_of(100), {.final = false}) +
              frame(op_continuation, "", {.announced = 0x7fffffffffffffffll})}},
        1009,
        {"MUST RFC 6455 §7.4.1, §10.4: 1009 means too big, and a mere number must not reserve memory",
         "the limit is for all parts together"});
}

TEST_CASE("text that is not UTF-8 ends the conversation with 1007") {
    const std::vector<Mistake> wrong = {
        {"a byte that begins nothing", frame(op_text, "\x80")},
        {"0xff", frame(op_text, "Hello \xff")},
        {"an overlong slash", frame(op_text, "\xc0\xaf")},
        {"an overlong form of three bytes", frame(op_text, "\xe0\x80\xaf")},
        {"a surrogate", frame(op_text, "\xed\xa0\x80")},
        {"past U+10FFFF", frame(op_text, "\xf4\x90\x80\x80")},
        {"an incomplete character", frame(op_text, accents.substr(0, accents.size() - 1))},
        {"an incomplete character at the end of the last part",
         frame(op_text, "\xce", {.final = false}) + frame(op_continuation, "")},
        {"a character cut by the parts and wrong in the second",
         frame(op_text, "\xf4", {.final = false}) + frame(op_continuation, "\x90\x80\x80")}};
    const Reason reason = {"MUST RFC 6455 §8.1: text is UTF-8, or the connection fails with 1007"};
    expect_refused(wrong, 1007, reason);
}

TEST_CASE("a wrong byte of UTF-8 is refused at once, however much is still to come") {
    const Reason reason = {
        "MUST RFC 6455 §8.1: there is no point in waiting for the rest of such a text",
        "check each part of a text as it comes, not the whole message at the end"};
    std::string half = frame(op_text, "abc\xff", {.announced = 1000});
    expect_refused({{"the fourth of 1000 bytes", half},
                    {"the first of many parts", frame(op_text, "\xed\xa0", {.final = false})},
                    {"the second byte of a character in another part",
                     frame(op_text, "ok \xc3", {.final = false}) +
                         frame(op_continuation, "(", {.final = false})}},
                   1007, reason);
}

TEST_CASE("a character may be cut between two parts of a message, at any byte") {
    WebSocket socket("/ws/echo");
    for (std::size_t cut = 0; cut <= accents.size(); ++cut) {
        socket.send(frame(op_text, accents.substr(0, cut), {.final = false}) + frame(op_ping, "") +
                    frame(op_continuation, accents.substr(cut)));
        expect_message(socket, op_pong, "", {"MUST RFC 6455 §5.4"});
        expect_message(
            socket, op_text, accents,
            {"MUST RFC 6455 §5.4, §8.1: all parts together are UTF-8, not each by itself"});
    }
    socket.send(frame(op_binary, "\xff\xfe", {.final = false}) + frame(op_continuation, "\x80"));
    expect_message(socket, op_binary, "\xff\xfe\x80",
                   {"MUST RFC 6455 §5.6: a binary message may be any bytes, also in parts"});
}

TEST_CASE("a malformed close frame gets 1002, and a reason that is not UTF-8 1007") {
    std::vector<Mistake> wrong = {{"half a code", frame(op_close, "\x03")}};
    for (int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        wrong.push_back({"code " + std::to_string(code), frame(op_close, close_payload(code))});
    expect_refused(
        wrong, 1002,
        {"MUST RFC 6455 §5.5.1, §7.4: a code has two bytes, and these codes must not be sent"});
    expect_refused({{"a wrong byte", frame(op_close, close_payload(1000, "\xff"))},
                    {"half a character", frame(op_close, close_payload(1000, "ab\xc3"))}},
                   1007, {"MUST RFC 6455 §5.5.1, §8.1: the reason is UTF-8"});
}

TEST_CASE("what comes after a mistake is ignored") {
    WebSocket socket("/ws/echo");
    socket.send(frame(3, "") + frame(op_text, "Hello") + frame(op_ping, "") +
                std::string(100'000, '\xff'));
    expect_goodbye(
        socket, 1002,
        {"MUST RFC 6455 §7.1.7: the connection has failed, so read the rest and drop it"});
}

TEST_CASE("clients that leave in the middle of a frame do not affect the others") {
    WebSocket stays("/ws/echo");
    const std::string large = frame(op_binary, bytes_of(65536));
    for (int i = 0; i < 30; ++i) {
        WebSocket in_head("/ws/echo");
        in_head.send(frame(op_text, text_of(200)).substr(0, 3));
        in_head.reset();
        WebSocket in_payload("/ws/echo");
        in_payload.send(frame(op_text, "Hel", {.final = false}) +
                        frame(op_continuation, "lo", {.announced = 1000}));
        in_payload.reset();
        WebSocket in_reply("/ws/echo");
        for (int n = 0; n < 20; ++n) in_reply.send(large);
        in_reply.reset();
        WebSocket half_closed("/ws/echo");
        half_closed.client().finish_sending();
    }
    expect_echo(stays, "and the others?", {"connections are independent"});
    WebSocket next("/ws/echo");
    expect_echo(next, "and the next?", {"connections are independent"});
}

TEST_CASE("a client that leaves without a close frame is let go") {
    WebSocket socket("/ws/echo");
    expect_echo(socket, "Hello", {"it is up"});
    socket.client().finish_sending();
    const Frame got = socket.read_message(2.0);
    const bool met = got.opcode < 0 || got.opcode == op_close;
    expect(met && (got.opcode == op_close || socket.ended()),
           met && socket.ended() ? Exchange{} : socket.so_far(), "the end of the connection",
           got.description(), {"MAY RFC 6455 §7.1.5, §7.2.1: a client may also just close TCP"});
}

TEST_CASE("a client that ends its side right behind its handshake is let go at once") {
    for (const char* target : {"/ws/echo", "/ws/chat"}) {
        Client client;
        client.send(handshake(target));
        client.finish_sending();
        Exchange all = client.read_to_end();
        expect_status(all, 101, {"the handshake is a good one"});
        expect(all.ending == Ending::closed, all, "the end of the connection", "",
               {"it must not be noticed only when a ping isn't answered"});
    }
}

TEST_SUITE_END();
