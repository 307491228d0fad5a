// request.hpp on strings: what is a request, what is refused and with which status. It must make no
// difference how the bytes are cut up.
#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "handler.hpp"
#include "mutation.hpp"
#include "request.hpp"

namespace {

const Limits limits;

// Everything that the parser makes of the bytes: a line for each request, and the status at the end
// if it refuses them.
std::string outcome(RequestParser& parser) {
    std::string text;
    try {
        while (const auto request = parser.next()) {
            text += request->method + ' ' + request->path + '?' + request->query + '\n';
            for (const auto& [name, value] : request->headers) text += name + '=' + value + '\n';
        }
    } catch (const HttpError& error) {
        text += std::to_string(error.status);
    }
    return text;
}

std::string outcome(std::string_view bytes) {
    RequestParser parser(limits);
    parser.feed(bytes);
    return outcome(parser);
}

// The status that a head with these lines is refused with; "" if it is not.
std::string status_of_fields(const std::string& lines) {
    const auto text = outcome("GET / HTTP/1.1\r\n" + lines + "\r\n");
    return text.starts_with("GET") || text.empty() ? "" : text;
}

std::string status_of_line(const std::string& line) {
    const auto text = outcome(line + "\r\nHost: a\r\n\r\n");
    return text.starts_with("GET") || text.starts_with("OPTIONS") ? "" : text;
}

Request parse(std::string_view bytes) {
    RequestParser parser(limits);
    parser.feed(bytes);
    auto request = parser.next();
    REQUIRE(request != nullptr);
    return *request;
}

}  // namespace

TEST_CASE("a request is taken apart") {
    const auto request = parse("GET /a%20b?c=%20 HTTP/1.1\r\nHost: a:80\r\nX:\t y  z \r\n\r\n");
    CHECK(request.line == "GET /a%20b?c=%20 HTTP/1.1");
    CHECK(request.method == "GET");
    CHECK(request.target == "/a%20b?c=%20");
    CHECK(request.version == "HTTP/1.1");
    CHECK(request.path == "/a b");
    CHECK(request.query == "c=%20");
    CHECK(*request.headers.find("x") == "y  z");
    CHECK_FALSE(request.has_body());
}

TEST_CASE("there is no request before the blank line") {
    RequestParser parser(limits);
    parser.feed("GET / HTTP/1.1\r\nHost: a\r\n");
    CHECK(parser.next() == nullptr);
    CHECK(parser.begun());
    parser.feed("\r\n");
    CHECK(parser.next() != nullptr);
    CHECK_FALSE(parser.begun());
}

TEST_CASE("several requests in one piece come out one by one") {
    CHECK(outcome("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: b\r\n\r\nGET /3") ==
          "GET /1?\nHost=a\nHEAD /2?\nHost=b\n");
}

TEST_CASE("lines may end in a bare LF, and empty lines may come first (RFC 9112 §2.2)") {
    CHECK(outcome("\r\n\nGET / HTTP/1.1\nHost: a\n\n") == "GET /?\nHost=a\n");
}

TEST_CASE("a target in absolute form replaces the Host field (RFC 9112 §3.2.2)") {
    const auto request = parse("GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(request.path == "/x");
    CHECK(request.query == "y");
    CHECK(*request.headers.find("Host") == "b:81");
    CHECK(parse("GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n").path == "/");
}

TEST_CASE("OPTIONS may ask for *, and nothing else may") {
    CHECK(status_of_line("OPTIONS * HTTP/1.1") == "");
    CHECK(status_of_line("GET * HTTP/1.1") == "400");
}

TEST_CASE("a malformed request line is refused") {
    for (const char* line : {"GET",
                             "GET /",
                             "GET  / HTTP/1.1",
                             "GET /  HTTP/1.1",
                             "GET / x HTTP/1.1",
                             " GET / HTTP/1.1",
                             "G(T / HTTP/1.1",
                             "GET / http/1.1",
                             "GET / HTTP/1.10",
                             "GET / HTTP/11",
                             "GET / HTTP/1.1 ",
                             "GET a HTTP/1.1",
                             "GET /\x01 HTTP/1.1",
                             "GET /\xc3\xa4 HTTP/1.1",
                             "GET /#a HTTP/1.1",
                             "GET /%zz HTTP/1.1",
                             "GET http:///a HTTP/1.1",
                             "GET http://:80/ HTTP/1.1",
                             "GET http://u@h/ HTTP/1.1",
                             "GET\t/\tHTTP/1.1",
                             "GET / HTTP/1.1\rX",
                             "{}",
                             "\x16\x03\x01"}) {
        CAPTURE(line);
        CHECK(status_of_line(line) == "400");
    }
}

TEST_CASE("an unknown method is 501, another protocol version 505") {
    CHECK(status_of_line("BREW / HTTP/1.1") == "501");
    CHECK(status_of_line("get / HTTP/1.1") == "501");
    CHECK(status_of_line("CONNECT a:80 HTTP/1.1") == "501");
    CHECK(status_of_line("GET / HTTP/2.0") == "505");
    CHECK(status_of_line("PRI * HTTP/2.0") == "505");
    CHECK(status_of_line("GET / HTTP/0.9") == "505");
    CHECK(status_of_line("GET / HTTP/1.2") == "");
}

TEST_CASE("a malformed field is refused") {
    for (const std::string& line :
         {std::string("Host : a"), std::string(": a"), std::string("a"), std::string(" a: b"),
          std::string("a: b\r\n c"), std::string("\ta: b"), std::string("a: b\rc"),
          std::string("a: b\0c", 6), std::string("a: \x01"), std::string("a: \x7f"),
          std::string("a\x80: b"), std::string("a b: c"), std::string("a\r: b")}) {
        CAPTURE(line);
        CHECK(status_of_fields("Host: a\r\n" + line + "\r\n") == "400");
    }
}

TEST_CASE("HTTP/1.1 needs exactly one valid Host") {
    CHECK(status_of_fields("") == "400");
    CHECK(status_of_fields("Host: a\r\nHost: a\r\n") == "400");
    for (const char* host : {"a/b", "a b", "u@a", "a:b", "a:80:1", "[::1", "[::1]x", "a#", "a?"}) {
        CAPTURE(std::string(host));
        CHECK(status_of_fields(std::string("Host: ") + host + "\r\n") == "400");
    }
    for (const char* host : {"", "a", "a.b-c:80", "127.0.0.1:9000", "[::1]", "[::1]:80", "a:"}) {
        CAPTURE(std::string(host));
        CHECK(status_of_fields(std::string("Host: ") + host + "\r\n") == "");
    }
}

TEST_CASE("HTTP/1.0 needs no Host, but must not have two") {
    CHECK(outcome("GET / HTTP/1.0\r\n\r\n") == "GET /?\n");
    CHECK(outcome("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == "400");
}

TEST_CASE("framing that two programs could read differently is refused") {
    for (const char* fields :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          "Content-Length: 5\r\nContent-Length: 5\r\n",
          "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5, 5\r\n",
          "Content-Length: +5\r\n", "Content-Length: -5\r\n", "Content-Length: 0x5\r\n",
          "Content-Length: 5 5\r\n", "Content-Length:\r\n",
          "Content-Length: 18446744073709551616\r\n", "Transfer-Encoding: xchunked\r\n",
          "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: identity\r\n",
          "Transfer-Encoding:\r\n", "Transfer-Encoding: \"chunked\"\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: \x0b"
          "chunked\r\n"}) {
        CAPTURE(std::string(fields));
        CHECK(status_of_fields(std::string("Host: a\r\n") + fields) == "400");
    }
    CHECK(status_of_fields("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n") == "501");
    CHECK(outcome("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == "400");
}

TEST_CASE("a request says whether a body follows" * doctest::skip(LEVEL > 3) *
          doctest::description("level 4 reads the body: see tests/level4")) {
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
    CHECK(parse(head + "Content-Length: 5\r\n\r\n").has_body());
    CHECK(parse(head + "Transfer-Encoding: Chunked\r\n\r\n").has_body());
    CHECK_FALSE(parse(head + "Content-Length: 0\r\n\r\n").has_body());
    CHECK_FALSE(parse(head + "\r\n").has_body());
}

TEST_CASE("the request line may have 8 KiB") {
    const auto line = [](std::size_t size) {  // with its CR LF
        return "GET /" + std::string(size - 16, 'a') + " HTTP/1.1";
    };
    CHECK(status_of_line(line(8 * 1024)) == "");
    CHECK(status_of_line(line(8 * 1024 + 1)) == "414");
    CHECK(outcome(std::string(8 * 1024 + 1, 'a')) == "414");
}

TEST_CASE("the header section may have 16 KiB") {
    const auto section = [](std::size_t size) {  // with the blank line that ends it
        return "Host: a\r\nX: " + std::string(size - 9 - 5 - 2, 'a') + "\r\n";
    };
    CHECK(status_of_fields(section(16 * 1024)) == "");
    CHECK(status_of_fields(section(16 * 1024 + 1)) == "431");
    CHECK(outcome("GET / HTTP/1.1\r\nX: " + std::string(16 * 1024, 'a')) == "431");
}

TEST_CASE("there may be 100 fields") {
    std::string lines = "Host: a\r\n";
    for (int i = 0; i < 99; ++i) lines += "X: y\r\n";
    CHECK(status_of_fields(lines) == "");
    CHECK(status_of_fields(lines + "X: y\r\n") == "431");
}

TEST_CASE("it makes no difference where the bytes are cut") {
    const std::vector<std::string> streams{
        "GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nHEAD / HTTP/1.0\r\n\r\n",
        "\r\nGET / HTTP/1.1\nHost: a\n\n",
        "GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/3.0\r\n",
    };
    for (const auto& stream : streams) {
        CAPTURE(stream);
        const auto expected = outcome(stream);
        for (std::size_t cut = 1; cut < stream.size(); ++cut) {
            CAPTURE(cut);
            RequestParser parser(limits);
            parser.feed(std::string_view(stream).substr(0, cut));
            std::string seen = outcome(parser);
            if (!seen.ends_with('\n') && !seen.empty()) {
                CHECK(seen == expected);  // it has been refused, so no more is fed
                continue;
            }
            parser.feed(std::string_view(stream).substr(cut));
            CHECK(seen + outcome(parser) == expected);
        }
        RequestParser parser(limits);
        std::string seen;
        for (const char byte : stream) {
            parser.feed({&byte, 1});
            seen += outcome(parser);
            if (!seen.ends_with('\n') && !seen.empty()) break;
        }
        CHECK(seen == expected);
    }
}

// Whatever it is given, the parser makes requests of it or refuses it with one of these statuses.
// The sanitizers look for everything else.
TEST_CASE("the parser survives any bytes") {
    const std::vector<std::string> samples{
        "POST /a%20b?c=d HTTP/1.1\r\nHost: a:80\r\nContent-Length: 3\r\nX-Y: z\r\n\r\nabc"
        "GET http://a/b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"};
    const std::vector<std::string> words{
        "\r\n", "\n", "\r", " ", ":",    "\t",   "/",        "%",
        "?",    ",",  ";",  "=", "\x7f", "\xff", "HTTP/1.0", std::string(1, '\0')};
    const std::set<std::string> refusals{"400", "413", "415", "417", "501", "505"};
    std::size_t size = 0;  // the size of the current piece
    try_mutations("requests", samples, words, [&](const std::string& bytes) {
        RequestParser parser(limits);
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            size = size % 40 + 1;
            parser.feed(std::string_view(bytes).substr(at, size));
            const auto text = outcome(parser);
            if (text.empty() || text.ends_with('\n')) continue;
            const auto status = text.substr(text.rfind('\n') + 1);
            CHECK_MESSAGE(refusals.count(status) == 1, "status " << status << " for " << bytes);
            break;
        }
    });
}
