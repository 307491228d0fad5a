// What level 2 must refuse, and with which status: malformed requests, framing attacks, too much of
// anything. Requests that arrive in many pieces are in blackbox_pieces.cpp.
#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "reporter.hpp"

using std::string_literals::operator""s;

namespace {

// A request that is good except for one thing, and what that is.
struct Refused {
    std::string bytes;
    std::string wrong;  // the part under which the caret is shown
};

// A request with a good Host and this field line.
Refused field_line(const std::string& line, const std::string& wrong = "") {
    return {"GET /about HTTP/1.1\r\nHost: localhost\r\n" + line + "\r\n\r\n",
            wrong.empty() ? line : wrong};
}

Refused request_line(const std::string& line, const std::string& wrong) {
    return {line + "\r\nHost: localhost\r\n\r\n", wrong};
}

// Sends all of them at once, so that a table takes as long as one. Each must be refused with one of
// the statuses and end the connection, because there is no telling where the next request begins.
void expect_refused(const std::vector<Refused>& table, const Statuses& statuses, Reason reason,
                    Where where = Where::here()) {
    expect_status(exchange(get("/about")), 200, {"a good request is not refused"}, where);
    std::vector<Script> scripts;
    for (const Refused& refused : table) scripts.push_back(refused.bytes);
    std::vector<Exchange> replies = exchange_all(scripts);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        reason.wrong = table[i].wrong;
        expect_status(replies[i], statuses, reason, where);
        expect_one_reply_then_close(
            replies[i],
            {"after a malformed request there is no telling where the next one begins "
             "(RFC 9112 §11.2), so the connection is closed",
             "say Connection: close in the error reply, then stop reading requests"},
            where);
    }
}

// `size` bytes of field lines in all, none of them long.
std::string fields_of(std::size_t size) {
    std::string fields;
    for (int i = 0; fields.size() < size; ++i) {
        std::string name = "X-Filler-" + std::to_string(i) + ": ";
        std::size_t left = size - fields.size();
        fields += name + std::string(left < 900 ? left : 900, 'f') + "\r\n";
    }
    return fields;
}

// The same, but nearly all of them are the names.
std::string fields_with_long_names(std::size_t size) {
    std::string fields;
    while (fields.size() < size) fields += "X-" + std::string(900, 'n') + ": v\r\n";
    return fields;
}

std::string fields_in_number(int count) {
    std::string fields;
    for (int i = 0; i < count; ++i) fields += "X-" + std::to_string(i) + ": v\r\n";
    return fields;
}

std::string with_fields(const std::string& fields) {
    return "GET /about HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n";
}

std::string chunk_of(const std::string& bytes) {
    std::ostringstream size;
    size << std::hex << bytes.size();
    return size.str() + "\r\n" + bytes + "\r\n";
}

}  // namespace

TEST_SUITE_BEGIN("level2 / 4 what is refused");

TEST_CASE("a request without a Host is refused") {
    expect_refused({{"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1"},
                    {"GET / HTTP/1.1\r\nHosts: localhost\r\n\r\n", "Hosts"},
                    {"GET http://localhost/about HTTP/1.1\r\n\r\n", "http://localhost"}},
                   400,
                   {"MUST RFC 9112 §3.2: HTTP/1.1 requires exactly one Host",
                    "look it up after the head is read, without regard to case"});
}

TEST_CASE("a second Host is refused") {
    expect_refused({field_line("Host: localhost:80", "Host: localhost:80"),
                    field_line("host: example.com"),
                    {"GET /about HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "Host: b"}},
                   400,
                   {"MUST RFC 9112 §3.2: given two Hosts, two programs may believe different ones",
                    "count the fields, don't overwrite the first"});
}

TEST_CASE("a Host without a name is answered or refused") {
    expect_status(exchange("GET /about HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"), {200, 400},
                  {"MUST RFC 9112 §3.2: a client whose target has no host sends an empty Host; a "
                   "server of http URIs may say that it has no such host"});
}

TEST_CASE("a Host may be an address, and may have a port") {
    for (const std::string host :
         {"127.0.0.1:9000", "[::1]", "[::1]:9000", "EXAMPLE.com", "a-b.example.:80", "localhost:"})
        expect_status(
            exchange("GET /about HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"), 200,
            {"MUST RFC 9112 §3.2: Host is uri-host [ \":\" port ], and RFC 3986 §3.2.2 "
             "says what a host is",
             "an IPv6 address stands in brackets, and its colons begin no port", host});
}

TEST_CASE("a Host that isn't a host name is refused") {
    std::vector<Refused> table;
    for (const std::string host : {"a b", "a/b", "a@b", "localhost:12e", "a,b:80:90", "a]b", "[zz]",
                                   "[]", "a%zz", "\xc3\xa4"})
        table.push_back({"GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", host});
    expect_refused(table, 400,
                   {"MUST RFC 9112 §3.2: Host is uri-host [ \":\" port ]",
                    "it ends up in links and logs, so allow only what a host may contain"});
}

TEST_CASE("a space before the colon is refused") {
    expect_refused({field_line("X-Test : 1", " :"), field_line("X-Test\t: 1", "\t:"),
                    field_line("Content-Length : 5", " :")},
                   400,
                   {"MUST RFC 9112 §5.1: no space is allowed between a field's name and its colon",
                    "refuse it, don't trim it, because a proxy may have read it differently"});
}

TEST_CASE("a folded line is refused") {
    expect_refused(
        {field_line("X-Test: a\r\n b", " b"),
         field_line("X-Test: a\r\n\tb", "\tb"),
         {"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", " Host"},
         field_line(" ", " "),
         field_line("\t", "\t")},
        400,
        {"MUST RFC 9112 §5.2: obs-fold, a line that continues the one before, is refused or "
         "replaced; this course refuses it",
         "a field line must not start with a space or a tab"});
}

TEST_CASE("a field without a name, or with a name that isn't a token, is refused") {
    expect_refused(
        {field_line(": empty"), field_line("no colon here"), field_line("X Y: 1", " Y"),
         field_line("X(Y): 1", "("), field_line("X\x01Y: 1", "\x01"),
         field_line("X\xc3\xbcY: 1", "\xc3"), field_line("\"X\": 1", "\"")},
        400,
        {"SHOULD RFC 9112 §2.2: what doesn't match the grammar is 400, and a field's name is a "
         "token (RFC 9110 §5.1)",
         "letters, digits and !#$%&'*+-.^_`|~ only"});
}

TEST_CASE("a control character in a value is refused") {
    expect_refused(
        {field_line("X: a\rb", "\rb"), field_line("X: a\0b"s, "\0b"s),
         field_line("X: a\x01"
                    "b",
                    "\x01"),
         field_line("X: a\x0b", "\x0b"), field_line("X: a\x0c", "\x0c"),
         field_line("X: a\x1c", "\x1c"), field_line("X: a\x7f", "\x7f"),
         field_line("X: a\x1b[31m", "\x1b")},
        400,
        {"MUST RFC 9110 §5.5: CR and NUL in a value are refused or replaced by a space; this "
         "course refuses them, and all other controls",
         "refuse a bare CR, because some programs take it for a line end"});
}

TEST_CASE("a request line that is not three words is refused") {
    expect_refused(
        {request_line("GET /", "/"), request_line("GET", "GET"),
         request_line("GET  /about HTTP/1.1", "  /"), request_line("GET /about  HTTP/1.1", "  H"),
         request_line("GET /about HTTP/1.1 ", " \r"), request_line(" GET / HTTP/1.1", " G"),
         request_line("GET /a b HTTP/1.1", " b"), request_line("GET /\tHTTP/1.1", "\t")},
        400,
        {"SHOULD RFC 9112 §3: a malformed request line is 400. It reads method, space, target, "
         "space, version; one space each",
         "split at the spaces and count the parts"});
}

TEST_CASE("a malformed version is refused") {
    std::vector<Refused> table;
    for (const std::string version :
         {"http/1.1", "HTTP/1", "HTTP/1.", "HTTP/11.1", "HTTP/1.10", "HTTPS/1.1", "HTTP/a.b"})
        table.push_back(request_line("GET / " + version, version));
    expect_refused(table, {400, 505},
                   {"MUST RFC 9112 §2.3: 'HTTP/', a digit, '.', a digit; case-sensitive"});
}

TEST_CASE("a method that isn't a token is refused") {
    expect_refused(
        {request_line("G@T / HTTP/1.1", "@"), request_line("GE(T / HTTP/1.1", "("),
         request_line("G\xc3\x9cT / HTTP/1.1", "\xc3")},
        {400, 501},
        {"MUST RFC 9110 §9.1: a method is a token. It is malformed (400), and it is also "
         "one that the server does not know (501)"});
}

TEST_CASE("a target that does not start with a slash is refused") {
    expect_refused(
        {request_line("GET about HTTP/1.1", "about"), request_line("GET ?x=1 HTTP/1.1", "?"),
         request_line("GET * HTTP/1.1", "*"), request_line("GET \\about HTTP/1.1", "\\")},
        400, {"SHOULD RFC 9112 §3.2: a target is a path, or a whole URL for a proxy"});
}

TEST_CASE("a control character in the request line is refused") {
    expect_refused(
        {request_line("GET /a\rb HTTP/1.1", "\rb"), request_line("GET /a\0b HTTP/1.1"s, "\0b"s),
         request_line("GET /a\x7f HTTP/1.1", "\x7f")},
        400, {"SHOULD RFC 9112 §3.2: a target consists of visible characters"});
}

TEST_CASE("a broken percent-encoding in the path is refused") {
    std::vector<Refused> table;
    for (const std::string path : {"/%", "/%4", "/%zz", "/about%2", "/%%41"})
        table.push_back(request_line("GET " + path + " HTTP/1.1", "%"));
    expect_refused(table, 400,
                   {"MUST RFC 3986 §2.1: a percent sign is followed by two hex digits",
                    "check that both are there before you look at them"});
}

TEST_CASE("Content-Length together with Transfer-Encoding is refused") {
    expect_refused(
        {field_line("Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer"),
         field_line("Transfer-Encoding: chunked\r\nContent-Length: 5", "Content")},
        400,
        {"RFC 9112 §6.1 leaves the choice; two lengths are how requests are smuggled past a "
         "proxy, so this course refuses them",
         "refuse the request when it has both fields"});
}

TEST_CASE("two Content-Lengths are refused, even equal ones") {
    expect_refused(
        {field_line("Content-Length: 5\r\nContent-Length: 6", "Content-Length: 6"),
         field_line("Content-Length: 5\r\ncontent-length: 5", "content-length"),
         field_line("Content-Length: 5, 5", ","), field_line("Content-Length: 5,6", ",")},
        400,
        {"MUST RFC 9112 §6.3: different lengths are refused. Equal ones may be, and it is safer to "
         "be strict"});
}

TEST_CASE("a Content-Length that isn't a number is refused") {
    std::vector<Refused> table;
    for (const std::string length : {"+5", "-1", "0x5", "5 5", "5a", "1e3", "5.0", "", "1_0",
                                     "\xb2", "99999999999999999999999999", "18446744073709551616"})
        table.push_back(field_line("Content-Length: " + length));
    expect_refused(
        table, {400, 413},
        {"MUST RFC 9112 §6.3: Content-Length is digits, nothing else, and what isn't is refused",
         "std::from_chars, then check that all of it was consumed"});
}

TEST_CASE("a transfer coding other than chunked is refused") {
    std::vector<Refused> table;
    for (const std::string coding : {"xchunked", "chunked, chunked", "identity", "gzip, chunked",
                                     "chunked, gzip", "gzip", "\"chunked\"", "chunked;x=1", ""})
        table.push_back(field_line("Transfer-Encoding: " + coding));
    table.push_back(field_line("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"));
    expect_refused(
        table, {400, 501},
        {"MUST RFC 9112 §6.3: a body whose end the server can't know is 400; SHOULD §6.1: a "
         "coding that it doesn't know is 501",
         "compare with 'chunked' as a whole, without regard to case"});
}

TEST_CASE("Transfer-Encoding in an HTTP/1.0 request is refused") {
    expect_refused(
        {{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer"}}, 400,
        {"MUST RFC 9112 §6.1: in HTTP/1.0 this framing is faulty. It may be answered before the "
         "connection is closed; this course refuses it, because it looks like an attack"});
}

TEST_CASE("Transfer-Encoding: chunked is accepted") {
    for (const char* coding : {"chunked", "Chunked"}) {
        std::string field = "Transfer-Encoding: "s + coding;
        Exchange reply = exchange(get("/about", {field}) + "0\r\n\r\n");
        expect_status(reply, 200,
                      {"MUST RFC 9112 §7: codings are compared without regard to case"});
    }
}

TEST_CASE("the body of a request is not taken for a request") {
    if (outgrown(4, "level 4 reads bodies, and would wait for the rest of one of these")) return;
    std::string inner = get("/echo?smuggled=1");
    std::string length = "Content-Length: " + std::to_string(inner.size());
    for (const std::string& bytes :
         {request("POST", "/about", {length}) + inner, get("/about", {length}) + inner,
          request("POST", "/about", {"Transfer-Encoding: chunked"}) + chunk_of(inner) +
              "0\r\n\r\n"}) {
        Exchange reply = exchange(bytes);
        expect_status(reply, {200, 405, 400}, {"the request itself is answered"});
        expect_one_reply_then_close(
            reply,
            {"MUST RFC 9112 §6.3: to read the bytes of a body as a request is request smuggling "
             "(such as CVE-2026-34441)",
             "a request with a body ends the connection at this level"});
        expect_not_in_reply(reply, "smuggled", {"the inner request must not be answered"});
    }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level2 / 5 limits");

TEST_CASE("a request line of 7000 bytes is accepted, one of 9000 is 414") {
    Exchange under = exchange(get("/about?" + std::string(7000, 'a')));
    expect_status(under, 200, {"SHOULD RFC 9112 §3: at least 8000 bytes are supported"});
    expect_refused(
        {{get("/about?" + std::string(9000, 'a')), ""}, {"GET /" + std::string(12'000, 'a'), ""}},
        414,
        {"MUST RFC 9112 §3: a target that is too long is 414; the limit of this course is 8 KiB",
         "refuse it as soon as it is too long, even before its end has come"});
}

TEST_CASE("a header section of 14000 bytes is accepted, one of 20000 is 431") {
    Exchange under = exchange(with_fields(fields_of(14'000)));
    expect_status(under, 200, {"the limit of a header section is 16 KiB"});
    expect_status(exchange(with_fields("X: " + std::string(13'800, 'f') + "\r\n")), 200,
                  {"the limit is that of the whole section, and one field may take most of it",
                   "a Cookie can be long; read a line into a buffer that grows up to the limit"});
    expect_refused({{with_fields(fields_of(20'000)), ""},
                    {with_fields(fields_with_long_names(20'000)), ""},
                    {"GET / HTTP/1.1\r\nX: " + std::string(30'000, 'x'), ""}},
                   431,
                   {"the limit of a header section is 16 KiB",
                    "refuse it as soon as it is too long, even before its end has come"});
}

TEST_CASE("90 fields are accepted, 120 are 431") {
    expect_status(exchange(with_fields(fields_in_number(90))), 200, {"the limit is 100 fields"});
    std::string of_one_name;
    for (int i = 0; i < 120; ++i) of_one_name += "X: v\r\n";
    expect_refused({{with_fields(fields_in_number(120)), ""}, {with_fields(of_one_name), ""}}, 431,
                   {"the limit is 100 fields, of whatever names",
                    "count the lines, and not the entries of a map"});
}

TEST_SUITE_END();
