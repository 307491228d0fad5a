// Exercise 1-3: /about has a page, and other addresses are 404. The contract is in
// level1/README.md.
#include <doctest/doctest.h>

#include <string>

#include "client.hpp"
#include "expect.hpp"

namespace {

const Reason whole_page = {"without a whole reply there is nothing to look at"};

void expect_not_found(const Exchange& reply, const Reason& reason, Where where = Where::here()) {
    expect_status(reply, 404, reason, where);
    expect(reply.received.starts_with("HTTP/1.1 404 Not Found\r\n"), reply,
           "HTTP/1.1 404 Not Found", reply.received.substr(0, reply.received.find('\r')),
           {"RFC 9112 §4: the status has a name, for people who read the line"}, where);
    expect_in_body(reply, "<h1>Not Found</h1>",
                   {"a person who followed a dead link sees that it is one"}, where);
    expect_listed(reply, "Connection", "close", {"this connection ends like the others"}, where);
    expect_one_reply_then_close(reply, {"the page is as long as it says"}, where);
}

}  // namespace

TEST_SUITE_BEGIN("exercise 1-3");

TEST_CASE("/about has a page of its own") {
    const Exchange reply = exchange(get("/about"));
    expect_status(reply, 200, whole_page);
    expect_in_body(reply, "<h1>About</h1>", {"the heading of that page"});
    expect_field(reply, "Content-Type", "text/html; charset=utf-8",
                 {"SHOULD RFC 9110 §8.3: it is HTML like the first one"});
    expect_one_reply_then_close(reply, {"MUST RFC 9110 §8.6: the page is as long as it says",
                                        "count the bytes of the page that you send"});
}

TEST_CASE("a query doesn't change which page it is") {
    for (const char* target : {"/about?", "/about?from=home", "/about?a=1?b=/nowhere"})
        expect_in_body(
            exchange(get(target)), "<h1>About</h1>",
            {"RFC 3986 §3.4: the path ends at the first '?', and what follows is the query",
             "cut the target off there before you compare it"});
    expect_in_body(exchange(get("/?about")), "<h1>Hello, world!</h1>",
                   {"RFC 3986 §3.4: the path of this one is /"});
}

TEST_CASE("an address without a page is 404 Not Found") {
    expect_status(exchange(get("/")), 200, {"a page that is there"});
    for (const char* target : {"/nowhere", "/About", "/about/", "/abouts", "/about/us", "//about",
                               "/more/about", "/favicon.ico"})
        expect_not_found(exchange(get(target)),
                         {"RFC 9110 §15.5.5: there is no page at exactly this path",
                          "compare the whole path. Capitals count in it", target});
}

TEST_CASE("only the request target says which page is wanted") {
    const std::string fields =
        "Host: localhost\r\nReferer: /about?from=home\r\nX-Line: GET /about HTTP/1.1\r\n";
    expect_not_found(
        exchange("GET /nowhere HTTP/1.1\r\n" + fields + "\r\n"),
        {"MUST RFC 9112 §3: the target stands between the two spaces of the first line",
         "don't search the whole request for it"});
    const Reason short_target = {"the '?' stands in another line",
                                 "look for it in the target only"};
    expect_in_body(exchange("GET / HTTP/1.1\r\n" + fields + "\r\n"), "<h1>Hello, world!</h1>",
                   short_target);
    expect_in_body(exchange("GET /about HTTP/1.1\r\n" + fields + "\r\n"), "<h1>About</h1>",
                   short_target);
}

TEST_CASE("a request line that arrives in pieces is read whole") {
    expect_not_found(
        exchange(Script({"GET /", "about", "/me HTTP/1.1\r\nHost: localhost\r\n\r\n"})),
        {"TCP is a stream of bytes, so /about may be the beginning of another address",
         "look at the target when the empty line has come, not before"});
}

TEST_CASE("the first page is still at /" * doctest::description("control")) {
    expect_in_body(exchange(get("/")), "<h1>Hello, world!</h1>", {"it was there before"});
}

TEST_SUITE_END();
