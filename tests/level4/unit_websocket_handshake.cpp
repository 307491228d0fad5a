// The handshake of a WebSocket: which requests get a 101, and what the others get.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "value_of.hpp"
#include "websocket/handshake.hpp"
#include "websocket/sha1.hpp"

namespace {

// The request of RFC 6455 §1.2.
Request sample_request() {
    Request request;
    request.method = "GET";
    request.target = request.path = "/chat";
    request.version = "HTTP/1.1";
    request.headers.add("Host", "server.example.com");
    request.headers.add("Upgrade", "websocket");
    request.headers.add("Connection", "Upgrade");
    request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    request.headers.add("Sec-WebSocket-Version", "13");
    return request;
}

// The status of the sample request with one field altered.
int status_with(std::string_view name, std::string_view value) {
    Request request = sample_request();
    request.headers.set(name, value);
    return accept_websocket(request).status;
}

int status_without(std::string_view name) {
    Request request = sample_request();
    Headers others;
    for (const auto& [field_name, value] : request.headers) {
        if (field_name != name) others.add(field_name, value);
    }
    request.headers = others;
    return accept_websocket(request).status;
}

}  // namespace

TEST_CASE("SHA-1 gives NIST's digests") {
    CHECK(hex(sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(hex(sha1("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                   "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")) ==
          "a49b2446a02c645bf419f995b67091253a04a259");
    CHECK(hex(sha1(std::string(1'000'000, 'a'))) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("SHA-1 is right where the padding just fits, and where it needs one more block") {
    // The digests are those of coreutils' sha1sum.
    CHECK(hex(sha1(std::string(55, 'a'))) == "c1c8bbdc22796e28c0e15163d20899b65621d65a");
    CHECK(hex(sha1(std::string(56, 'a'))) == "c2db330f6083854c99d4b5bfb6e8f29f201be699");
    CHECK(hex(sha1(std::string(63, 'a'))) == "03f09f5b158a7a8cdad920bddc29b81c18a551f5");
    CHECK(hex(sha1(std::string(64, 'a'))) == "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

TEST_CASE("the sample handshake of RFC 6455 gets the response of RFC 6455") {
    const Response response = accept_websocket(sample_request());
    CHECK(response.status == 101);
    CHECK(value_of(response, "Upgrade") == "websocket");
    CHECK(value_of(response, "Connection") == "Upgrade");
    CHECK(value_of(response, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(response.headers.size() == 3);
    CHECK(response.body.empty());
}

TEST_CASE("the words of a handshake may be in upper or lower case, and in lists") {
    CHECK(status_with("Upgrade", "WebSocket") == 101);
    CHECK(status_with("Upgrade", "h2c, websocket") == 101);
    CHECK(status_with("Connection", "keep-alive, upgrade") == 101);
}

TEST_CASE("subprotocols and extensions may be offered, and are not used") {
    Request request = sample_request();
    request.headers.add("Sec-WebSocket-Protocol", "chat, superchat");
    request.headers.add("Sec-WebSocket-Extensions", "permessage-deflate");
    const Response response = accept_websocket(request);
    CHECK(response.status == 101);
    CHECK(response.headers.size() == 3);
}

TEST_CASE(
    "a request that doesn't ask for a WebSocket of version 13 gets 426, and what to ask for") {
    std::vector<std::pair<std::string, std::function<void(Request&)>>> cases = {
        {"a plain GET",
         [](Request& request) {
             request.headers = {};
             request.headers.add("Host", "server.example.com");
         }},
        {"a POST", [](Request& request) { request.method = "POST"; }},
        {"a HEAD", [](Request& request) { request.method = "HEAD"; }},
        {"another Upgrade", [](Request& request) { request.headers.set("Upgrade", "h2c"); }},
        {"a longer word that begins like it",
         [](Request& request) { request.headers.set("Upgrade", "websockets"); }},
        {"a Connection without Upgrade",
         [](Request& request) { request.headers.set("Connection", "keep-alive"); }},
        {"an old version",
         [](Request& request) { request.headers.set("Sec-WebSocket-Version", "8"); }},
        {"several versions in one field",
         [](Request& request) { request.headers.set("Sec-WebSocket-Version", "13, 8"); }},
    };
    for (const auto& each : cases) {
        CAPTURE(each.first);
        Request request = sample_request();
        each.second(request);
        const Response response = accept_websocket(request);
        CHECK(response.status == 426);
        CHECK(value_of(response, "Upgrade") == "websocket");
        CHECK(value_of(response, "Sec-WebSocket-Version") == "13");
        CHECK(value_of(response, "Sec-WebSocket-Accept") == "(none)");
    }
    CHECK(status_without("Upgrade") == 426);
    CHECK(status_without("Connection") == 426);
    CHECK(status_without("Sec-WebSocket-Version") == 426);
}

TEST_CASE("a key that is not exactly 16 bytes in base64, once, is a bad request") {
    CHECK(status_without("Sec-WebSocket-Key") == 400);
    for (std::string_view key :
         {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ= =", "dGhlIHNhbXBsZSBub25jZ-==",
          "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZWE=", "!!!!!!!!!!!!!!!!!!!!!!==",
          "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="}) {
        CAPTURE(key);
        CHECK(status_with("Sec-WebSocket-Key", key) == 400);
    }
    Request request = sample_request();
    request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(accept_websocket(request).status == 400);
}

TEST_CASE("the bits of a key that 16 bytes don't need may be anything") {
    for (std::string_view key : {"AQIDBAUGBwgJCgsMDQ4PEC==",  // the example of RFC 6455 §4.1
                                 "dGhlIHNhbXBsZSBub25jZR==", "/////////////////////w=="}) {
        CAPTURE(key);
        CHECK(status_with("Sec-WebSocket-Key", key) == 101);
    }
}

TEST_CASE("two versions are a bad request, even if both are the same") {
    for (const char* version : {"13", "8", ""}) {
        Request request = sample_request();
        request.headers.add("Sec-WebSocket-Version", version);
        CHECK(accept_websocket(request).status == 400);
    }
}

TEST_CASE("a WebSocket can't begin with HTTP/1.0") {
    Request request = sample_request();
    request.version = "HTTP/1.0";
    CHECK(accept_websocket(request).status == 400);
}

TEST_CASE("of all pages only those of this host may open a WebSocket") {
    CHECK(status_with("Origin", "http://server.example.com") == 101);
    CHECK(status_with("Origin", "https://server.example.com") == 101);
    CHECK(status_with("Origin", "http://Server.Example.com") == 101);
    for (std::string_view origin :
         {"http://evil.example", "http://server.example.com.evil.example", "null", "",
          "http://server.example.com:9000", "http://evil.example/server.example.com",
          "server.example.com", "http://", "http://server.example.com@evil.example"}) {
        CAPTURE(origin);
        CHECK(status_with("Origin", origin) == 403);
    }
    Request request = sample_request();
    request.headers.set("Host", "localhost:9000");
    request.headers.set("Origin", "http://localhost:9000");
    CHECK(accept_websocket(request).status == 101);
    request.headers.set("Origin", "http://localhost:9001");
    CHECK(accept_websocket(request).status == 403);
    request.headers.set("Origin", "http://localhost:9000");
    request.headers.add("Origin", "http://evil.example");
    CHECK(accept_websocket(request).status == 403);
}
