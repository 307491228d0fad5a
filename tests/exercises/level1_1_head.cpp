// Exercise 1-1: HEAD is answered without a body. The contract is in level1/README.md.
#include <doctest/doctest.h>

#include <string>

#include "client.hpp"
#include "expect.hpp"

namespace {

// The fields of a reply, one a line, without Date, which may change between two of them.
std::string fields_of(const Exchange& exchange) {
    std::string text;
    for (const Field& field : exchange.reply.fields)
        if (field.name != "Date") text += field.name + ": " + field.value + "\n";
    return text;
}

void expect_head_only(const Exchange& reply, Where where = Where::here()) {
    expect_status(reply, 200, {"HEAD asks for what GET asks for"}, where);
    expect_one_reply_then_close(
        reply,
        {"MUST RFC 9110 §9.3.2: a reply to HEAD ends with its head",
         "send what stands before the body, up to the empty line and with it"},
        where);
}

}  // namespace

TEST_SUITE_BEGIN("exercise 1-1");

TEST_CASE("HEAD gets the fields that GET gets, and nothing after them") {
    const Exchange whole = exchange(get("/"));
    const Exchange head = exchange(request("HEAD", "/"));
    expect_head_only(head);
    expect(fields_of(head) == fields_of(whole), head, fields_of(whole), fields_of(head),
           {"SHOULD RFC 9110 §9.3.2: the fields are those of GET, Content-Length among them",
            "count the bytes of the page also when you don't send it"});
}

TEST_CASE("HEAD is HEAD whatever is asked for, and however the fields are ordered") {
    for (const std::string& bytes :
         {request("HEAD", "/nowhere"), request("HEAD", "/?a=1"), request("HEAD", "*"),
          std::string("HEAD / HTTP/1.1\r\nAccept: */*\r\nHost: localhost\r\n\r\n"),
          std::string("HEAD / HTTP/1.0\r\n\r\n")})
        expect_head_only(exchange(bytes));
}

TEST_CASE("a HEAD that arrives in pieces is a HEAD") {
    expect_head_only(exchange(Script({"HE", "AD / HTT", "P/1.1\r\nHost: localhost\r\n", "\r\n"})));
}

TEST_CASE("only a method that is exactly HEAD is HEAD" * doctest::description("control")) {
    for (const std::string& other :
         {get("/?HEAD"), get("/", {"X-Method: HEAD / HTTP/1.1"}), request("HEADER", "/"),
          request("head", "/"), request("GETHEAD", "/")}) {
        expect_in_body(exchange(other), "<h1>Hello, world!</h1>",
                       {"MUST RFC 9110 §9.1: a method is one whole word, in capitals if it is HEAD",
                        "look at the first word of the request only, with the space behind it"});
    }
}

TEST_SUITE_END();
