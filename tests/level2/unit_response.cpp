// response.hpp on strings.
#include <doctest/doctest.h>

#include <string>

#include "response.hpp"

namespace {

std::string serialized(const Response& response, bool with_body = true) {
    std::string output;
    serialize(response, with_body, output);
    // The Date is the only part that changes.
    const auto date = output.find("Date: ");
    REQUIRE(date != std::string::npos);
    return output.erase(date, output.find("\r\n", date) + 2 - date);
}

}  // namespace

TEST_CASE("a response is a status line, fields, a blank line and the body") {
    CHECK(serialized(Response::text("hi\n")) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Cache-Control: no-cache\r\n"
          "X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: 3\r\n\r\nhi\n");
}

TEST_CASE("a response that says how it may be cached keeps what it says") {
    auto response = Response::text("hi\n");
    response.headers.add("cache-control", "no-store");
    CHECK(serialized(response).find("cache-control: no-store\r\n") != std::string::npos);
    CHECK(serialized(response).find("no-cache") == std::string::npos);
}

TEST_CASE("a response without its body has the same fields, including the length") {
    const auto response = Response::html("<p>");
    CHECK(serialized(response, false) + "<p>" == serialized(response, true));
}

TEST_CASE("204 and 304 have no Content-Length") {
    CHECK(serialized(Response{204, {}, ""}).find("Content-Length") == std::string::npos);
    CHECK(serialized(Response{304, {}, ""}).find("Content-Length") == std::string::npos);
}

TEST_CASE("browsers are kept from guessing the type of any reply") {
    for (const int status : {200, 304, 404}) {
        CAPTURE(status);
        CHECK(serialized(Response{status, {}, ""}).find("X-Content-Type-Options: nosniff\r\n") !=
              std::string::npos);
    }
}

TEST_CASE("serialize() appends to what is there") {
    std::string output = "before";
    serialize(Response::text(""), true, output);
    CHECK(output.starts_with("beforeHTTP/1.1 200 OK\r\n"));
}

TEST_CASE("an error page names the error, and its explanation can't be markup") {
    auto response = Response::error(404, "There is no <b>");
    add_error_page(response, "");
    CHECK(response.status == 404);
    CHECK(response.body.find("404 Not Found") != std::string::npos);
    CHECK(response.body.find("There is no &lt;b&gt;") != std::string::npos);
}

TEST_CASE("an error page shows the request line as text, and says what to try next") {
    auto response = Response::error(404, "No.");
    add_error_page(response, "GET /<b> HTTP/1.1");
    CHECK(response.body.find("<code>GET /&lt;b&gt; HTTP/1.1</code>") != std::string::npos);
    CHECK(response.body.find("Try next: <a href=\"/\">") != std::string::npos);
}

TEST_CASE("only an error without a body gets an error page") {
    auto page = Response::text("");
    add_error_page(page, "GET / HTTP/1.1");
    CHECK(page.body.empty());
    auto error = Response::error(404, "No.");
    error.body = "{}";
    add_error_page(error, "GET / HTTP/1.1");
    CHECK(error.body == "{}");
}

TEST_CASE("dates are written as HTTP requires (RFC 9110 §5.6.7)") {
    CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("every status that the server uses has its phrase") {
    for (const int status : {200, 400, 404, 405, 408, 414, 431, 500, 501, 505}) {
        CAPTURE(status);
        CHECK(reason_phrase(status) != "Unknown");
    }
}
