// The pages of level 2 and the fields of its replies: what a browser sees on a good day.
// Malformed requests are in blackbox_framing.cpp, many clients in blackbox_clients.cpp.
#include <doctest/doctest.h>

#include <cmath>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

const std::string good_request = get("/about");

// Replies of every kind, for rules that hold for all of them.
std::vector<Exchange> replies_of_every_kind() {
    return exchange_all({get("/"), get("/about"), get("/hello?name=Ada"), get("/echo"),
                         get("/nothing/here"), request("HEAD", "/about"), request("POST", "/about"),
                         request("BREW", "/about"), "GET / HTTP/1.1\r\n\r\n",
                         "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"});
}

// The time in an IMF-fixdate such as "Sun, 06 Nov 1994 08:49:37 GMT"; -1 if it is not one.
std::time_t parse_date(const std::string& text) {
    std::tm date{};
    const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    return end != nullptr && *end == '\0' && text.size() == 29 ? timegm(&date) : -1;
}

// Printable text with all the characters that HTML and URLs treat specially.
std::string random_name(std::mt19937& random) {
    static const std::string alphabet = "abcXYZ019 &<>\"'/+%=?#;\xc3\xbc";
    std::string name;
    for (auto left = 1 + random() % 12; left > 0; --left) {
        char c = alphabet[random() % (alphabet.size() - 2)];
        name += c;
        if (random() % 8 == 0) name += "\xc3\xbc";  // ü in one piece, or it would not be UTF-8
    }
    return name;
}

}  // namespace

TEST_SUITE_BEGIN("level 2");

TEST_CASE("the pages / and /about are HTML") {
    for (const char* target : {"/", "/about"}) {
        Exchange reply = exchange(get(target));
        expect_status(reply, 200, {"level 2 has a page at this address"});
        expect_field(reply, "Content-Type", "text/html; charset=utf-8",
                     {"RFC 9110 §8.3: without the charset a browser has to guess"});
        expect_in_body(reply, "<h1>", {"a page has a heading"});
    }
}

TEST_CASE("an address that does not exist is 404, with a page") {
    for (const char* target : {"/nothing/here", "/About", "/about/", "/hell"}) {
        Exchange reply = exchange(get(target));
        expect_status(reply, 404,
                      {"RFC 9110 §15.5.5: there is nothing at this address",
                       "compare the whole path, with regard to case", target});
        expect_field(reply, "Content-Type", "text/html; charset=utf-8",
                     {"a person looks at this page, so it is HTML"});
    }
}

TEST_CASE("the query is not part of the path") {
    Exchange reply = exchange(get("/about?from=here&again=1"));
    expect_status(reply, 200,
                  {"RFC 3986 §3.4: the path ends at the question mark",
                   "split the target at its first '?'", "?"});
}

TEST_CASE("/hello greets by name, and the world when there is none") {
    struct Row {
        const char* target;
        const char* greeted;
    };
    const Row rows[] = {{"/hello?name=Ada", "Ada"},
                        {"/hello?a=1&name=Grace&b=2", "Grace"},
                        {"/hello?name=Ada+Lovelace", "Ada Lovelace"},
                        {"/hello?name=Ada%20Lovelace", "Ada Lovelace"},
                        {"/hello?name=%41da%2BCo", "Ada+Co"},
                        {"/hello?name=J%C3%BCrgen", "J\xc3\xbcrgen"},
                        {"/hello", "world"},
                        {"/hello?name=", "world"},
                        {"/hello?name", "world"},
                        {"/hello?surname=Ada", "world"}};
    for (const Row& row : rows) {
        Exchange reply = exchange(get(row.target));
        expect_status(reply, 200, {"a name is optional"});
        expect_in_body(reply, row.greeted,
                       {"RFC 3986 §2.1: %41 stands for the byte 0x41; in a query '+' is a space",
                        "split the query at & and =, then decode each part", "?"});
    }
}

TEST_CASE("a name is escaped before it becomes HTML") {
    Exchange reply = exchange(get("/hello?name=%3Cscript%3Ealert(%22x%22)%3C/script%3E%26%27"));
    expect_status(reply, 200, {"every name is acceptable"});
    expect_not_in_reply(
        reply, "<script>alert",
        {"text from outside that is sent as HTML runs in the reader's browser (XSS)",
         "replace & < > \" ' by &amp; &lt; &gt; &quot; &#39;, the & first"});
    expect_in_body(reply, "&lt;script&gt;alert(", {"the name is shown, not swallowed"});
    expect_in_body(reply, "&amp;", {"an & that is not escaped may start a character reference"});
}

TEST_CASE("any name comes back as it was sent") {
    std::mt19937 random(settings().seed);
    std::vector<std::string> names;
    std::vector<Script> requests;
    for (int i = 0; i < 40; ++i) {
        names.push_back("begin" + random_name(random) + "end");
        requests.push_back(get("/hello?name=" + percent_encoded(names.back())));
    }
    std::vector<Exchange> replies = exchange_all(requests);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const std::string& body = replies[i].reply.body;
        std::size_t from = body.find("begin");
        std::size_t to = body.find("end", from);
        std::string shown = to == std::string::npos ? "" : body.substr(from, to + 3 - from);
        bool safe = shown.find_first_of("<>\"'") == std::string::npos;
        expect(safe && html_unescaped(shown) == names[i], replies[i],
               "the name " + visible(names[i]) + ", escaped", "'" + visible(shown) + "'",
               {"whatever the name is, it is decoded on the way in and escaped on the way out",
                "decode once, then escape once; escape the & before the others"});
    }
}

TEST_CASE("/echo returns the request line and the fields in their order") {
    if (outgrown(4, "level 4 adds a blank line and the body, and has its own case")) return;
    Exchange reply = exchange(
        "GET /echo?a=1&b=%20 HTTP/1.1\r\nHost: localhost\r\nX-Second: b\r\nX-First: a\r\n"
        "X-Second: c\r\nX-Spaces: \t padded value \t \r\nX-Empty:\r\nConnection: close\r\n\r\n");
    expect_status(reply, 200, {"/echo shows the request as it was parsed"});
    expect_field(reply, "Content-Type", "text/plain; charset=utf-8",
                 {"as HTML, an echo would run whatever a client sends"});
    expect_body(reply,
                "GET /echo?a=1&b=%20 HTTP/1.1\nHost: localhost\nX-Second: b\nX-First: a\n"
                "X-Second: c\nX-Spaces: padded value\nX-Empty: \nConnection: close\n",
                {"RFC 9110 §5.3: the order of fields matters; RFC 9112 §5: spaces around a value "
                 "are not part of it",
                 "keep fields in a list, not in a map"});
}

TEST_CASE("HEAD gets the fields of GET and no body") {
    for (const char* target : {"/", "/about", "/hello?name=Ada", "/nothing/here"}) {
        Exchange head = exchange(request("HEAD", target));
        Exchange with_body = exchange(get(target));
        expect_status(head, with_body.reply.status,
                      {"RFC 9110 §9.3.2: HEAD is GET without a body"});
        for (const char* name : {"Content-Length", "Content-Type"})
            expect_field(head, name, with_body.reply.value(name),
                         {"RFC 9110 §9.3.2: the same fields as for GET", "skip only the body"});
        expect_one_reply_then_close(head, {"RFC 9110 §9.3.2: a reply to HEAD ends after its head"});
    }
}

TEST_CASE("a method that the page does not have is 405, and Allow lists those it has") {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
        Exchange reply = exchange(request(method, "/about"));
        expect_status(reply, 405,
                      {"RFC 9110 §15.5.6: the server knows the method, but not for "
                       "this address",
                       "", method});
        for (const char* allowed : {"GET", "HEAD"})
            expect_listed(reply, "Allow", allowed,
                          {"RFC 9110 §10.2.1: a 405 must say which methods there are"});
    }
}

TEST_CASE("an unknown method is 501") {
    for (const char* method : {"BREW", "get", "Get", "GETS", "X"}) {
        Exchange reply = exchange(request(method, "/about"));
        expect_status(reply, 501,
                      {"RFC 9110 §9.1: methods are case-sensitive; one that the server "
                       "does not know is 501",
                       "compare methods exactly", method});
    }
}

TEST_CASE("CONNECT and TRACE are refused") {
    for (const std::string& bytes :
         {request("TRACE", "/about"), request("CONNECT", "localhost:80")}) {
        expect_status(exchange(bytes), {405, 501},
                      {"CONNECT would make a proxy of the server; TRACE would show a script "
                       "cookies that it must not see"});
    }
}

TEST_CASE("a version that the server does not speak is 505") {
    for (const char* version : {"HTTP/2.0", "HTTP/3.0", "HTTP/9.9"}) {
        Exchange reply = exchange(std::string("GET / ") + version + "\r\nHost: localhost\r\n\r\n");
        expect_status(reply, 505,
                      {"RFC 9110 §15.6.6: this major version is not supported", "", version});
    }
}

TEST_CASE("HTTP/1.0 needs no Host") {
    Exchange reply = exchange("GET /about HTTP/1.0\r\n\r\n");
    expect_status(reply, 200, {"RFC 9112 §3.2: Host is required from HTTP/1.1 on"});
}

TEST_CASE("a target may be a whole URL") {
    Exchange reply = exchange(
        "GET http://localhost/about HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: close\r\n\r\n");
    expect_status(reply, 200,
                  {"RFC 9112 §3.2.2: a server must accept the absolute form",
                   "skip 'http://host' and use the rest", "http://"});
}

TEST_CASE("lines that end with a bare line feed are accepted") {
    Exchange reply = exchange("GET /about HTTP/1.1\nHost: localhost\nConnection: close\n\n");
    expect_status(reply, 200,
                  {"RFC 9112 §2.2: a server may take \\n for \\r\\n, and a person who "
                   "types into nc sends \\n"});
}

TEST_CASE("an empty line before the request is ignored") {
    Exchange reply = exchange("\r\n" + good_request);
    expect_status(reply, 200, {"RFC 9112 §2.2: some old clients send an extra \\r\\n"});
}

TEST_CASE("every reply has a Date with the present time") {
    for (const Exchange& reply : replies_of_every_kind()) {
        std::time_t date = parse_date(reply.reply.value("Date"));
        double off = std::abs(std::difftime(std::time(nullptr), date));
        expect(date >= 0 && off <= 10, reply, "Date: the present time as an IMF-fixdate",
               "Date: " + reply.reply.value("Date"),
               {"RFC 9110 §6.6.1 and §5.6.7: such as 'Sun, 06 Nov 1994 08:49:37 GMT'",
                "gmtime_r and strftime with the format '%a, %d %b %Y %H:%M:%S GMT'"});
    }
}

TEST_CASE("every reply gives the length and the type of its body") {
    for (const Exchange& reply : replies_of_every_kind()) {
        expect_present(reply, "Content-Length",
                       {"RFC 9110 §8.6: without it only the close ends the body"});
        expect_listed(reply, "X-Content-Type-Options", "nosniff",
                      {"without it browsers guess a type, and run what was meant as text"});
        std::string type = reply.reply.value("Content-Type");
        expect(type.starts_with("text/") && contains(type, "charset=utf-8"), reply,
               "Content-Type: text/... with charset=utf-8", "Content-Type: " + type,
               {"RFC 9110 §8.3: the type of the body"});
    }
}

TEST_CASE("no reply gives away the server's name and version") {
    for (const Exchange& reply : replies_of_every_kind())
        expect_absent(reply, "Server", {"it only helps attackers, who look for old versions"});
}

TEST_CASE("the connection is closed after each reply, asked for or not") {
    if (outgrown(3, "level 3 keeps connections open")) return;
    Exchange reply = exchange(get_and_stay("/about"));
    expect_listed(reply, "Connection", "close",
                  {"RFC 9112 §9.6: a server that is going to close the connection says so"});
    expect_one_reply_then_close(reply, {"level 2 answers one request per connection"});
}

TEST_CASE("a second request on the connection is not answered") {
    if (outgrown(3, "level 3 answers many requests on a connection")) return;
    Exchange reply = exchange(get_and_stay("/about") + get_and_stay("/hello?name=second"));
    expect_status(reply, 200, {"the first request is a good one"});
    expect_one_reply_then_close(reply, {"RFC 9112 §9.6: nothing after 'Connection: close' counts"});
}

TEST_SUITE_END();
