// The addresses of level 3's site, and what a router does by itself: HEAD, OPTIONS, 405, and path
// parameters. Connections are in blackbox_keep_alive.cpp, files in the other blackbox_*.cpp.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "settings.hpp"
#include "text.hpp"

using std::string_literals::operator""s;

namespace {

// The addresses in a page's src attributes, found by plain search. The page is at "/", so
// static/a.png is /static/a.png there.
std::vector<std::string> sources_in(const std::string& page) {
    std::vector<std::string> sources;
    const std::string start = " src=";
    for (std::size_t at = 0; (at = page.find(start, at)) != std::string::npos;) {
        at += start.size();
        const char quote = at < page.size() ? page[at] : '\0';
        if (quote != '"' && quote != '\'') continue;
        const std::string source = page.substr(at + 1, page.find(quote, at + 1) - at - 1);
        sources.push_back(source.starts_with('/') ? source : "/" + source);
    }
    return sources;
}

std::string without_spaces(const std::string& text) {
    std::string result;
    for (char c : text)
        if (!contains(" \t\r\n", {&c, 1})) result += c;
    return result;
}

void expect_json_id(const Exchange& reply, const std::string& id, Where where = Where::here()) {
    const std::string body = without_spaces(reply.reply.body);
    const bool has_id =
        contains(body, "\"id\":" + id + ",") || contains(body, "\"id\":" + id + "}");
    expect(has_id, reply, "a body with \"id\": " + id, "another body",
           {"the id is a number, which JSON writes without quotes (RFC 8259 §6)",
            "write the number that was read, not the text of the address"},
           where);
}

}  // namespace

TEST_SUITE_BEGIN("level3 / 1 the site");

TEST_CASE("the style sheet that / links to is CSS") {
    Exchange page = exchange(get("/"));
    expect_in_body(page, "/static/style.css", {"the page links to its style sheet"});
    Exchange sheet = exchange(get("/static/style.css"));
    expect_status(sheet, 200, {"what a page links to must be there"});
    expect_field(sheet, "Content-Type", "text/css; charset=utf-8",
                 {"with nosniff a browser ignores a style sheet of any other type"});
}

TEST_CASE("the image that / shows is an image") {
    Exchange page = exchange(get("/"));
    const std::vector<std::string> sources = sources_in(page.reply.body);
    expect(!sources.empty(), page, "an <img src=\"...\"> in the page", "none",
           {"the site of level 3 shows an image"});
    for (const std::string& source : sources) {
        Exchange image = exchange(get(source));
        expect_status(image, 200, {"what a page links to must be there"});
        std::string type = media_type(image.reply.value("Content-Type"));
        expect(type.starts_with("image/"), image, "Content-Type: image/...", type,
               {"with nosniff a browser shows an image only if its type says that it is one"});
    }
}

TEST_CASE("a browser's request for /favicon.ico finds an icon") {
    Exchange reply = exchange(get("/favicon.ico"));
    expect_status(reply, 200, {"every browser asks for it"});
    std::string type = media_type(reply.reply.value("Content-Type"));
    expect(type.starts_with("image/"), reply, "Content-Type: image/...", type,
           {"SHOULD RFC 9110 §8.3: the type of the body"});
}

TEST_CASE("a path parameter reaches the page") {
    std::mt19937 random(settings().seed);
    for (const std::string& id : {"42"s, std::to_string(random()), std::to_string(random() % 1000),
                                  "9223372036854775807"s}) {
        Exchange reply = exchange(get("/users/" + id));
        expect_status(reply, 200, {"the route is /users/{id:int}", "", id});
        expect_shown(reply, id, {"the page shows the id of its address"});
    }
}

TEST_CASE("a path parameter that must be a number is 404 if it isn't one") {
    expect_status(exchange(get("/users/42")), 200, {"a number is a user"});
    expect_status(exchange(get("/api/v1/users/42")), 200, {"a number is a user"});
    for (const char* id : {"abc", "4x", "", "4.2", "%20", "42/more", "+42", "%2042", "42%20",
                           "%0A42", "42%0A", "0x2a", "4e1", "1_0", "%D9%A3", "42/",
                           "99999999999999999999999999", "9223372036854775808"})
        for (const char* route : {"/users/", "/api/v1/users/"})
            expect_status(
                exchange(get(route + std::string(id))), 404,
                {"{id:int} matches digits only; nothing else is there",
                 "std::from_chars skips no blanks and no plus, and reports a number that is too "
                 "large; check that it has read to the end (in a pattern, $ may also match before "
                 "a line feed)",
                 route + std::string(id)});
}

TEST_CASE("an address with a parameter, and that of a file, may be written in any way") {
    for (const char* target :
         {"/users/42?from=here", "/users/%34%32", "http://localhost/users/42",
          "/api/v1/users/42?x=1", "/static/style.css?v=2", "/static/%73tyle.css",
          "http://localhost/static/style.css", "/%73tatic/style.css"})
        expect_status(
            exchange(get(target)), 200,
            {"MUST RFC 3986 §2.3, §3.4; RFC 9112 §3.2.2: the query isn't part of the path, %34 "
             "is the digit 4, and a target may be a whole URL",
             "look up what the parser has made of the target, and not the target", target});
}

TEST_CASE("the API answers with JSON") {
    std::mt19937 random(settings().seed);
    for (const std::string& id :
         {"42"s, std::to_string(random()), std::to_string(random() % 1000)}) {
        Exchange reply = exchange(get("/api/v1/users/" + id));
        expect_status(reply, 200, {"the route is /users/{id:int} in the group /api/v1"});
        std::string type = media_type(reply.reply.value("Content-Type"));
        expect(type.starts_with("application/json"), reply, "Content-Type: application/json", type,
               {"SHOULD RFC 9110 §8.3: the type of the body (RFC 8259 §11: that of JSON)"});
        expect_json_id(reply, id);
    }
}

TEST_CASE("a number with zeros before it is 404, or the API writes it without them") {
    expect_json_id(exchange(get("/api/v1/users/7")), "7");
    Exchange reply = exchange(get("/api/v1/users/007"));
    expect_status(reply, {200, 404}, {"007 may be another way to write 7, or no id at all"});
    if (reply.reply.status == 200) expect_json_id(reply, "7");
}

TEST_CASE("every route answers OPTIONS with the methods it has") {
    for (const char* target :
         {"/", "/about", "/hello", "/users/42", "/api/v1/users/42", "/static/style.css"}) {
        Exchange reply = exchange(request("OPTIONS", target));
        expect_status(reply, 204, {"OPTIONS asks what can be done here"});
        for (const char* method : {"GET", "HEAD", "OPTIONS"})
            expect_listed(
                reply, "Allow", method,
                {"SHOULD RFC 9110 §9.3.7: OPTIONS says what can be done here, as Allow does"});
        expect_one_reply_then_close(reply, {"MUST RFC 9110 §15.3.5: 204 has no body"});
        expect_absent(reply, "Content-Length",
                      {"MUST RFC 9110 §8.6: a 204 has no Content-Length, not even 0"});
    }
}

TEST_CASE("OPTIONS of an address that does not exist is 404") {
    expect_status(exchange(request("OPTIONS", "/about")), 204, {"this address exists"});
    expect_status(exchange(request("OPTIONS", "/nothing/here")), 404,
                  {"no method is possible at an address that does not exist"});
}

TEST_CASE("405 lists GET, HEAD and OPTIONS in Allow") {
    for (const char* target : {"/", "/users/42", "/api/v1/users/42", "/static/style.css"}) {
        Exchange reply = exchange(request("DELETE", target));
        expect_status(reply, 405,
                      {"SHOULD RFC 9110 §15.5.6: the address is there, the method is not"});
        for (const char* method : {"GET", "HEAD", "OPTIONS"})
            expect_listed(reply, "Allow", method,
                          {"MUST RFC 9110 §15.5.6: a 405 must have an Allow"});
    }
}

TEST_CASE("HEAD of every kind of address has the fields of GET") {
    for (const char* target :
         {"/", "/users/42", "/api/v1/users/42", "/static/style.css", "/favicon.ico"}) {
        Exchange head = exchange(request("HEAD", target));
        Exchange with_body = exchange(get(target));
        expect_status(head, 200, {"MUST RFC 9110 §9.1: HEAD comes with GET"});
        for (const char* name : {"Content-Length", "Content-Type"})
            expect_field(head, name, with_body.reply.value(name),
                         {"SHOULD RFC 9110 §9.3.2: the same fields as for GET"});
        expect_one_reply_then_close(head, {"MUST RFC 9110 §9.3.2: no body"});
    }
}

TEST_SUITE_END();
