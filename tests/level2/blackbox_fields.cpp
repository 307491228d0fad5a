// The fields of requests and replies of level 2, and that a reply is the last thing on its
// connection.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

// Replies of every kind, for rules that hold for all of them.
std::vector<Exchange> replies_of_every_kind() {
    return exchange_all({get("/"), get("/about"), get("/hello?name=Ada"), get("/echo"),
                         get("/nothing/here"), request("HEAD", "/about"), request("POST", "/about"),
                         request("BREW", "/about"), get("/" + std::string(9000, 'a')),
                         get("/", {"X: " + std::string(30'000, 'x')}), "GET / HTTP/1.1\r\n\r\n",
                         "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"});
}

}  // namespace

TEST_SUITE_BEGIN("level2 / 3 fields");

TEST_CASE("/echo returns the request line and the fields in their order") {
    if (outgrown(4, "level 4 adds a blank line and the body, and has its own case")) return;
    std::mt19937 random(settings().seed);
    const std::string a = "X-" + std::to_string(random());
    const std::string b = "X-" + std::to_string(random());
    const std::string value = "v" + std::to_string(random());
    const std::string line = "GET /echo?a=" + value + "&b=%20 HTTP/1.1";
    Exchange reply = exchange(line + "\r\nHost: localhost\r\n" + b + ": 1\r\n" + a + ": " + value +
                              "\r\n" + b + ": 2\r\nX-Spaces: \t padded " + value +
                              " \t \r\nX-Empty:\r\nConnection: close\r\n\r\n");
    expect_status(reply, 200, {"/echo shows the request as it was parsed"});
    expect_field(reply, "Content-Type", "text/plain; charset=utf-8",
                 {"as HTML, an echo would run whatever a client sends"});
    expect_body(reply,
                line + "\nHost: localhost\n" + b + ": 1\n" + a + ": " + value + "\n" + b +
                    ": 2\nX-Spaces: padded " + value + "\nX-Empty: \nConnection: close\n",
                {"MUST RFC 9110 §5.3: the order of fields of one name matters; RFC 9112 §5.1: "
                 "spaces around a value are not part of it",
                 "keep fields in a list, not in a map"});
}

TEST_CASE("/echo returns the names of fields as they were written") {
    // The last three are names of what a plain object of JavaScript has already.
    for (const char* field : {"x-lower-CASE: 1", "constructor: 1", "toString: x", "__proto__: x"})
        expect_in_body(exchange(get("/echo", {field})), "\n" + std::string(field) + "\n",
                       {"/echo shows the request as it came, and a name may be any token",
                        "keep the names as they are, in a list and not in an object of your "
                        "language; ignore case when you look one up",
                        field});
}

TEST_CASE("/echo returns values as they came") {
    // Read as Latin-1, the last byte of "voil\xc3\xa0" is a blank, and one of "\xc3\x85" a line end.
    // The last two aren't UTF-8.
    for (const char* field :
         {"X: a:b:c", "X: MiXed CaSe", "X: a  b", "X: \"a, b\"", "X: :", "X: voil\xc3\xa0",
          "X: \xc3\x85ngstr\xc3\xb6m", "X: J\xfcrgen", "X: \xff\xfe"})
        expect_in_body(
            exchange(get("/echo", {field})), "\n" + std::string(field) + "\n",
            {"a value is all that follows the first colon, byte for byte; only spaces and "
             "tabs around it are not part of it (RFC 9112 §5.1)",
             "split at the first colon only, cut off nothing but spaces and tabs, and decode nothing "
             "(or decode as Latin-1, and encode so again)",
             field});
}

TEST_CASE("a field name may have any character of a token") {
    for (const char* field : {"X_Y: 1", "X.Y: 1", "!#$%&'*+-.^_`|~0aZ: 1"})
        expect_status(exchange(get("/about", {field})), 200,
                      {"MUST RFC 9110 §5.1: a field's name is a token, and §5.6.2 says of what",
                       "letters, digits and !#$%&'*+-.^_`|~", field});
}

TEST_CASE("a tab and bytes above 127 in a value are accepted") {
    Exchange reply = exchange(get("/about", {"X-Test: a\tb", "X-Name: J\xc3\xbcrgen"}));
    expect_status(reply, 200, {"MAY RFC 9110 §5.5: a value may hold tabs and obs-text"});
}

TEST_CASE("every reply has a Date with the present time") {
    for (const Exchange& reply : replies_of_every_kind()) expect_present_date(reply);
}

TEST_CASE("every reply gives the length and the type of its body") {
    for (const Exchange& reply : replies_of_every_kind()) {
        expect_present(reply, "Content-Length",
                       {"SHOULD RFC 9110 §8.6: without it only the close ends the body"});
        expect_listed(reply, "X-Content-Type-Options", "nosniff",
                      {"without it browsers guess a type, and run what was meant as text"});
        std::string type = reply.reply.value("Content-Type");
        const std::string plain = media_type(type);
        expect(plain.starts_with("text/") && contains(plain, ";charset=utf-8"), reply,
               "Content-Type: text/... with charset=utf-8", "Content-Type: " + type,
               {"SHOULD RFC 9110 §8.3: the type of the body"});
    }
}

TEST_CASE("every reply after which the connection is closed says so") {
    for (const Exchange& reply : replies_of_every_kind())
        expect_listed(reply, "Connection", "close",
                      {"MUST RFC 9112 §9.6: a server that is going to close the connection says so",
                       "errors need it as well, because they end the connection"});
}

TEST_CASE("no reply gives away the server's name and version") {
    for (const Exchange& reply : replies_of_every_kind())
        expect_absent(reply, "Server", {"it only helps attackers, who look for old versions"});
}

TEST_CASE("the connection is closed after each reply, asked for or not") {
    if (outgrown(3, "level 3 keeps connections open")) return;
    Exchange reply = exchange(get_and_stay("/about"));
    expect_listed(reply, "Connection", "close",
                  {"MUST RFC 9112 §9.6: a server that is going to close the connection says so"});
    expect_one_reply_then_close(reply, {"level 2 answers one request per connection"});
}

TEST_CASE("a second request on the connection is not answered") {
    if (outgrown(3, "level 3 answers many requests on a connection")) return;
    Exchange reply = exchange(get_and_stay("/about") + get_and_stay("/hello?name=second"));
    expect_status(reply, 200, {"the first request is a good one"});
    expect_one_reply_then_close(reply,
                                {"MUST RFC 9112 §9.6: nothing after 'Connection: close' counts"});
}

TEST_SUITE_END();
