// The pages of level 2, and how a request line is understood: what a browser sees on a good day.
// Fields are in blackbox_fields.cpp, malformed requests in blackbox_framing.cpp.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

const std::string good_request = get("/about");

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

TEST_SUITE_BEGIN("level2 / 1 a page");

TEST_CASE("the pages / and /about are HTML") {
    for (const char* target : {"/", "/about"}) {
        Exchange reply = exchange(get(target));
        expect_status(reply, 200, {"level 2 has a page at this address"});
        expect_field(reply, "Content-Type", "text/html; charset=utf-8",
                     {"SHOULD RFC 9110 §8.3: without the charset a browser has to guess"});
        const bool heading = contains(lower(reply.reply.body), "<h1");  // it may have attributes
        expect(heading, reply, "a body that contains <h1>", "a body that does not",
               {"a page has a heading"});
    }
}

TEST_CASE("an address that does not exist is 404, with a page") {
    expect_status(exchange(get("/about")), 200, {"the page beside it is there"});
    for (const char* target : {"/nothing/here", "/About", "/about/", "/hell"}) {
        Exchange reply = exchange(get(target));
        expect_status(reply, 404,
                      {"SHOULD RFC 9110 §15.5.5: there is nothing at this address",
                       "compare the whole path, with regard to case", target});
        expect_field(reply, "Content-Type", "text/html; charset=utf-8",
                     {"a person looks at this page, so it is HTML"});
    }
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
                        {"/hello?name=J%c3%bcrgen", "J\xc3\xbcrgen"},
                        {"/hello?n%61me=Ada", "Ada"},
                        {"/hello?name=a=b", "a=b"},
                        {"/hello?constructor=1&name=%41da", "Ada"},
                        {"/hello?__proto__=1&name=%41da", "Ada"},
                        {"/hello", "world"},
                        {"/hello?name=", "world"},
                        {"/hello?name", "world"},
                        {"/hello?surname=Ada", "world"}};
    for (const Row& row : rows) {
        Exchange reply = exchange(get(row.target));
        expect_status(reply, 200, {"a name is optional"});
        expect_shown(reply, row.greeted,
                     {"MUST RFC 3986 §2.1: %41 stands for the byte 0x41; in a query '+' is a space",
                      "split the query at each &, and each part at its first =; then decode", "?"});
    }
}

TEST_CASE("a name is escaped before it becomes HTML") {
    Exchange reply = exchange(get("/hello?name=%3Cscript%3Ealert(%22x%22)%3C/script%3E%26lt;%27"));
    expect_status(reply, 200, {"every name is acceptable"});
    expect_not_in_reply(
        reply, "<script>alert",
        {"text from outside that is sent as HTML runs in the reader's browser (XSS)",
         "replace & < > \" ' by &amp; &lt; &gt; &quot; &#39;, the & first"});
    expect_shown(
        reply, "<script>alert(\"x\")</script>&lt;'",
        {"the name is shown as it was typed: not swallowed, and with its & escaped, which may "
         "start a character reference",
         "&#60; and &#x3c; are as good as &lt;"});
}

TEST_CASE("a name that isn't UTF-8, or has a NUL in it, does no harm") {
    expect_status(exchange(get("/hello?name=%C3%BC")), 200, {"this name is UTF-8"});
    for (const char* name : {"%FF", "%C3", "a%80b", "%ED%A0%80", "%00", "a%00b"})
        expect_status(
            exchange(get("/hello?name=" + std::string(name))), {200, 400},
            {"any bytes may be percent-encoded; they may be replaced, or refused",
             "decode with a replacement character, or catch the error and answer 400", name});
}

TEST_CASE("an address is escaped before it becomes HTML") {
    Exchange reply = exchange(get("/%3Cscript%3Ealert(1)%3C/script%3E"));
    expect_status(reply, 404, {"there is no page with this name"});
    expect_not_in_reply(
        reply, "<script>alert",
        {"an address can be in a link that another site shows, so it must not run (XSS)",
         "escape the path on an error page, as you escape the name"});
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

TEST_SUITE_END();

TEST_SUITE_BEGIN("level2 / 2 the request line");

TEST_CASE("the query is not part of the path") {
    Exchange reply = exchange(get("/about?from=here&again=1"));
    expect_status(reply, 200,
                  {"MUST RFC 3986 §3.4: the path ends at the question mark",
                   "split the target at its first '?'", "?"});
    Exchange greeting = exchange(get("/hello?name=a?b"));
    expect_status(greeting, 200,
                  {"MUST RFC 3986 §3.4: a query may contain question marks",
                   "split the target at its first '?'", "?b"});
    expect_shown(greeting, "a?b", {"MUST RFC 3986 §3.4: only the first one begins the query"});
}

TEST_CASE("a letter of the path may be percent-encoded") {
    for (const char* target : {"/%61bout", "/abou%74", "/%61%62%6F%75%74", "/ab%6fut"}) {
        expect_status(exchange(get(target)), 200,
                      {"MUST RFC 3986 §2.3: %61 is another way to write the letter a",
                       "decode the path before you compare it", target});
    }
    expect_status(exchange(get("/%41bout")), 404,
                  {"MUST RFC 3986 §2.3: %41 is A, and paths are compared with regard to case"});
}

TEST_CASE("a path is decoded once only") {
    expect_status(exchange(get("/%61bout")), 200, {"decoded once, this is /about"});
    expect_status(
        exchange(get("/%2561bout")), 404,
        {"MUST RFC 3986 §2.4: the same string is not decoded twice. %25 is a percent sign, "
         "so this path is '/%61bout'",
         "decode into a new string, and don't look at the result again", "%25"});
}

TEST_CASE("an encoded question mark is part of the path") {
    expect_status(exchange(get("/about?x")), 200, {"this one begins the query"});
    expect_status(exchange(get("/about%3Fx")), 404,
                  {"MUST RFC 3986 §2.4: an address is split into its parts before they are decoded",
                   "split at '?' first, then decode the path", "%3F"});
}

TEST_CASE("a % in a query that no hex digits follow does no harm") {
    expect_status(exchange(get("/hello?name=100%25")), 200, {"a name may have a percent sign"});
    for (const char* target : {"/hello?name=100%", "/hello?name=%zz", "/hello?%", "/about?%4"}) {
        expect_status(exchange(get(target)), {200, 400},
                      {"it may be taken as it is, or refused",
                       "check that two hex digits are there before you decode them", target});
    }
}

TEST_CASE("HEAD gets the fields of GET and no body") {
    for (const char* target : {"/", "/about", "/hello?name=Ada", "/nothing/here"}) {
        Exchange head = exchange(request("HEAD", target));
        Exchange with_body = exchange(get(target));
        expect_status(head, with_body.reply.status,
                      {"SHOULD RFC 9110 §9.3.2: HEAD is GET without a body"});
        for (const char* name : {"Content-Length", "Content-Type"})
            expect_field(
                head, name, with_body.reply.value(name),
                {"SHOULD RFC 9110 §9.3.2: the same fields as for GET", "skip only the body"});
        expect_one_reply_then_close(head,
                                    {"MUST RFC 9110 §9.3.2: a reply to HEAD ends after its head"});
    }
}

TEST_CASE("the refusal of a HEAD has no body either") {
    expect_status(exchange(request("HEAD", "/about")), 200, {"a good HEAD is not refused"});
    for (const std::string& bytes :
         {std::string("HEAD /about HTTP/1.1\r\n\r\n"), request("HEAD", "/about", {"X : y"})}) {
        Exchange reply = exchange(bytes);
        expect_status(reply, 400, {"the request is malformed, but its method is known"});
        expect_one_reply_then_close(reply,
                                    {"MUST RFC 9110 §9.3.2: a reply to HEAD ends after its head",
                                     "errors need to know the method as well", "HEAD"});
    }
}

TEST_CASE("a method that the page does not have is 405, and Allow lists those it has") {
    std::vector<std::string> targets = {"/", "/about", "/hello"};
    if (settings().level < 4) targets.push_back("/echo");  // level 4's takes bodies
    for (const std::string& target : targets) {
        for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
            Exchange reply = exchange(request(method, target));
            expect_status(reply, 405,
                          {"SHOULD RFC 9110 §15.5.6: the server knows the method, but not for "
                           "this address",
                           "", method});
            for (const char* allowed : {"GET", "HEAD"})
                expect_listed(reply, "Allow", allowed,
                              {"MUST RFC 9110 §10.2.1: a 405 must say which methods there are"});
        }
    }
}

TEST_CASE("an unknown method is 501") {
    for (const char* method : {"BREW", "get", "Get", "GETS", "X"}) {
        Exchange reply = exchange(request(method, "/about"));
        expect_status(reply, 501,
                      {"SHOULD RFC 9110 §9.1: methods are case-sensitive; one that the server "
                       "does not know is 501",
                       "compare methods exactly", method});
    }
}

TEST_CASE("CONNECT and TRACE are refused") {
    expect_status(exchange(request("GET", "/about")), 200, {"GET is not refused"});
    for (const std::string& bytes :
         {request("TRACE", "/about"), request("CONNECT", "localhost:80")}) {
        expect_status(exchange(bytes), {400, 405, 501},
                      {"CONNECT would make a proxy of the server; TRACE would show a script "
                       "cookies that it must not see"});
    }
}

TEST_CASE("a version that the server does not speak is 505") {
    for (const char* version : {"HTTP/2.0", "HTTP/3.0", "HTTP/9.9"}) {
        Exchange reply = exchange(std::string("GET / ") + version + "\r\nHost: localhost\r\n\r\n");
        expect_status(
            reply, 505,
            {"SHOULD RFC 9110 §15.6.6: this major version is not supported", "", version});
    }
}

TEST_CASE("HTTP/1.2 is answered as HTTP/1.1 would be, and also requires a Host") {
    expect_status(exchange("GET /about HTTP/1.2\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                  200,
                  {"SHOULD RFC 9110 §2.5: a higher minor version is treated as the highest known",
                   "compare the major version only", "HTTP/1.2"});
    expect_status(exchange("GET /about HTTP/1.2\r\n\r\n"), {400, 505},
                  {"MUST RFC 9112 §3.2: Host is required from HTTP/1.1 on",
                   "only HTTP/1.0 may do without it", "HTTP/1.2"});
}

TEST_CASE("HTTP/1.0 needs no Host") {
    Exchange reply = exchange("GET /about HTTP/1.0\r\n\r\n");
    expect_status(reply, 200, {"MUST RFC 9112 §3.2: Host is required from HTTP/1.1 on"});
}

TEST_CASE("a target may be a whole URL") {
    Exchange reply = exchange(
        "GET http://localhost/about HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: close\r\n\r\n");
    expect_status(reply, 200,
                  {"MUST RFC 9112 §3.2.2: a server must accept the absolute form",
                   "skip 'http://host' and use the rest", "http://"});
    expect_status(exchange("GET HTTP://localhost/about HTTP/1.1\r\nHost: localhost\r\n"
                           "Connection: close\r\n\r\n"),
                  200,
                  {"SHOULD RFC 3986 §3.1: a scheme in capitals is the same scheme",
                   "compare 'http://' without regard to case", "HTTP://"});
    expect_in_body(exchange("GET http://localhost?/about HTTP/1.1\r\nHost: localhost\r\n"
                            "Connection: close\r\n\r\n"),
                   "<h1>Hello, world!</h1>",
                   {"MUST RFC 3986 §3.2: the host ends at a /, a ? or a #, and an empty path is /",
                    "what follows the ? is the query", "?/about"});
}

TEST_CASE("a whole URL without a host is refused") {
    expect_status(exchange(get("/about")), 200, {"the page is there"});
    expect_status(exchange("GET http:///about HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400,
                  {"MUST RFC 9110 §4.2.1: an http URI with an empty host is invalid",
                   "look whether anything stands between // and the next /", "http:///"});
}

TEST_CASE("lines that end with a bare line feed are accepted or refused") {
    Exchange reply = exchange("GET /about HTTP/1.1\nHost: localhost\nConnection: close\n\n");
    expect_status(reply, {200, 400},
                  {"MAY RFC 9112 §2.2: a server may take \\n for \\r\\n, as a person who types "
                   "into nc sends it. To refuse it is safe",
                   "don't wait for a \\r that never comes"});
}

TEST_CASE("an empty line before the request is ignored") {
    Exchange reply = exchange("\r\n" + good_request);
    expect_status(reply, 200, {"SHOULD RFC 9112 §2.2: some old clients send an extra \\r\\n"});
    Exchange several = exchange("\r\n\r\n\r\n" + good_request);
    expect(several.ending != Ending::silent, several, "a reply, or the end of the connection", "",
           {"the RFC speaks of at least one empty line; with more a server may lose its patience"});
}

TEST_SUITE_END();
