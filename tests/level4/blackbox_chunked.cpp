// Chunked bodies (RFC 9112 §7.1), read strictly, because request smuggling needs no more than two
// programs that disagree on where a chunk ends.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "text.hpp"

namespace {

const std::string next_request = get("/hello?name=next");

// Sends each body in a request of its own, with a good request behind it.
std::vector<Exchange> followed_by_another(const std::vector<std::string>& bodies) {
    std::vector<Script> scripts;
    for (const std::string& body : bodies) scripts.push_back(chunked("/echo", body) + next_request);
    return exchange_all(scripts);
}

void expect_body_and_next(const Exchange& reply, const std::string& body, const Reason& reason,
                          Where where = Where::here()) {
    expect_status(reply, 200, reason, where);
    bool ends = reply.reply.body.ends_with("\n\n" + body);
    expect(ends, reply, "an echo with the body " + visible(body), "another body", reason, where);
    expect(contains(reply.rest(), "Hello, next"), reply, "then the reply to the next request",
           visible(reply.rest().substr(0, 200)),
           {"MUST RFC 9112 §7.1: the body ends after the last chunk and its trailers"}, where);
}

// Each must be refused with one of the statuses, and end the connection.
void expect_refused(const std::vector<std::string>& bodies, const Statuses& statuses,
                    const Reason& reason, Where where = Where::here()) {
    for (const Exchange& reply : followed_by_another(bodies)) {
        expect_status(reply, statuses, reason, where);
        expect_one_reply_then_close(
            reply, {"RFC 9112 §11.2: there is no telling where the next request begins"}, where);
    }
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 1 bodies");

TEST_CASE("chunks are put together") {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"0005\r\nhello\r\n000\r\n\r\n", "hello"},
        {"9\r\n0\r\n\r\n5\r\nx\r\n0\r\n\r\n", "0\r\n\r\n5\r\nx"},
        {"0\r\n\r\n", ""}};
    std::vector<std::string> bodies;
    for (const auto& [chunks, body] : table) bodies.push_back(chunks);
    std::vector<Exchange> replies = followed_by_another(bodies);
    for (std::size_t i = 0; i < replies.size(); ++i)
        expect_body_and_next(
            replies[i], table[i].second,
            {"MUST RFC 9112 §7.1: size in hex, CRLF, so many bytes, CRLF; 0 ends it",
             "go by the size and don't look for CRLF, which may be in the data"});
}

TEST_CASE("chunk extensions are ignored") {
    for (const Exchange& reply : followed_by_another(
             {"5;a=b\r\nhello\r\n0\r\n\r\n", "5;a\r\nhello\r\n0;last=1\r\n\r\n",
              "5;a=\"x;y\"\r\nhello\r\n0\r\n\r\n", "5;a=1;b=2\r\nhello\r\n0\r\n\r\n"}))
        expect_body_and_next(
            reply, "hello",
            {"MUST RFC 9112 §7.1.1: a recipient ignores extensions it doesn't know",
             "the size ends at the first semicolon"});
}

TEST_CASE("trailers are dropped, and never become fields") {
    for (const Exchange& reply : followed_by_another(
             {"5\r\nhello\r\n0\r\nX-Trailer: smuggled\r\n\r\n",
              "5\r\nhello\r\n0\r\nContent-Length: 3\r\nX-Trailer: smuggled\r\n\r\n",
              "5\r\nhello\r\n0\r\nTransfer-Encoding: smuggled\r\nHost: smuggled\r\n\r\n"})) {
        expect_body_and_next(reply, "hello",
                             {"MAY RFC 9112 §7.1.2: fields may follow the last chunk"});
        expect_not_in_reply(
            reply, "smuggled",
            {"MUST RFC 9110 §6.5.1: a trailer that is merged into the fields can set "
             "Host, Cookie or Content-Length after they were checked",
             "read up to the empty line and forget it"});
    }
}

TEST_CASE("a chunk size that is not plain hex is refused") {
    std::vector<std::string> bodies;
    for (const std::string size :
         {"+5", "-5", "0x5", "", " 5", "5 ", "g", "5_0", "5h", "\t5", "5.0", ";a=b", "\"5\""})
        bodies.push_back(size + "\r\nhello\r\n0\r\n\r\n");
    expect_refused(
        bodies, 400,
        {"MUST RFC 9112 §7.1: chunk-size is one or more hex digits, nothing else",
         "use std::from_chars with base 16, on an unsigned type, and check that all of it "
         "was consumed; strtoul accepts +, -, 0x and spaces"});
}

TEST_CASE("a chunk size that overflows is refused") {
    std::vector<std::string> bodies;
    for (const std::string size :
         {"10000000000000005", "FFFFFFFFFFFFFFFFF", "ffffffffffffffff", "fffffffffffffffb",
          "8000000000000000", "100000000000000000000000000000000005"})
        bodies.push_back(size + "\r\nhello\r\n0\r\n\r\n");
    expect_refused(
        bodies, {400, 413},
        {"MUST RFC 9112 §7.1: an overflow makes a large size a small one",
         "from_chars reports it; then compare with what is left of the limit, don't add"});
}

TEST_CASE("a chunk without CRLF behind it is refused") {
    expect_refused({"5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
                    "5\r\nhello\rX0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n"},
                   400,
                   {"MUST RFC 9112 §7.1: each chunk is followed by CRLF",
                    "look at those two bytes, don't skip them blindly"});
}

TEST_CASE("a bare line feed or a bare CR in the framing of chunks is refused") {
    expect_refused(
        {"5\nhello\r\n0\r\n\r\n", "5;a=b\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n",
         "5\r\nhello\r\n0\n\r\n"},
        400,
        {"MUST RFC 9112 §2.2 allows a bare LF in heads only; in chunks it is how requests "
         "are smuggled past a proxy that sees another line end"});
}

TEST_CASE("framing without an end is refused, not collected") {
    std::string endless(300'000, 'x');
    std::vector<Script> scripts = {chunked("/echo", "5;" + endless),
                                   chunked("/echo", std::string(300'000, '0')),
                                   chunked("/echo", "0\r\nX-Trailer: " + endless)};
    std::string many_trailers = "0\r\n";
    std::string many_extensions;
    for (int i = 0; i < 20'000; ++i) many_trailers += "X-T: 1\r\n";
    for (int i = 0; i < 3'000; ++i) many_extensions += "1;" + std::string(200, 'e') + "\r\nx\r\n";
    scripts.push_back(chunked("/echo", many_trailers));
    scripts.push_back(chunked("/echo", many_extensions));
    for (const Exchange& reply : exchange_all(scripts)) {
        expect_status(reply, {400, 413, 431},
                      {"if extensions and trailers don't count towards a limit, a small body can "
                       "cost any amount of work (CVE-2023-39326)",
                       "limit a chunk's line, and what extensions and trailers take in all"});
        expect_one_reply_then_close(reply,
                                    {"SHOULD RFC 9112 §9.6: after an error the connection ends"});
    }
}

TEST_SUITE_END();
