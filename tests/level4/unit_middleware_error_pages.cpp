// Error pages: exceptions become responses, and a client gets errors in the form that it prefers.
#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "app/disk.hpp"
#include "handler.hpp"
#include "middleware/error_pages.hpp"
#include "request.hpp"
#include "response.hpp"
#include "value_of.hpp"
#include "warnings.hpp"

namespace {

Response ask(const Handler& handler, const std::string& path, const std::string& accept) {
    Request request;
    request.path = path;
    request.headers.add("Accept", accept);
    return error_pages(request, handler);
}

Response not_found(Request&) {
    return Response::error(404, "not <here>");
}

}  // namespace

TEST_CASE("an error is a page for browsers, and JSON for the API and clients that prefer it") {
    CHECK(ask(not_found, "/x", "text/html,*/*;q=0.8").body.starts_with("<!doctype html>"));
    CHECK(ask(not_found, "/x", "*/*").body.starts_with("<!doctype html>"));
    const std::string json = "{\"error\":{\"status\":404,\"message\":\"not \\u003chere>\"}}\n";
    CHECK(ask(not_found, "/x", "application/json").body == json);
    CHECK(ask(not_found, "/api/x", "*/*").body == json);
    CHECK(value_of(ask(not_found, "/api/x", "*/*").headers, "Content-Type") == "application/json");
}

TEST_CASE("the closest range of Accept counts, and then whether it names the type") {
    for (const char* accept :
         {"application/*", "APPLICATION/*;q=0.9, text/html;q=0.1", "*/*;q=0.9, text/html;q=0.1",
          "application/json, text/plain, */*", "text/html;q=0, */*", "application/*, */*",
          "application/json;v=1",
          "application/json;charset=utf-8;q=0.8, application/json;q=0.1, text/html;q=0.5",
          "text/html;q=0.2, text/html;level=1;q=0.9, application/json;q=0.5"}) {
        CAPTURE(std::string(accept));
        CHECK(ask(not_found, "/x", accept).body.starts_with("{"));
    }
    for (const char* accept :
         {"text/html;level=1;q=0.3, text/html;q=0.7, application/json;q=0.5",
          "text/html;q=0.7, text/html; level=1 ;q=0.3, application/json;q=0.5", "text/html;level=1",
          "text/*", "text/*, application/json;q=0.5", "application/json;q=0, */*;q=0.1",
          "application/json;q=0", "application/, app/*", "text/*, */*",
          "application/json, text/html", "application/*, text/html", "*/*, application/json;q=0.5",
          "image/*"}) {
        CAPTURE(std::string(accept));
        CHECK(ask(not_found, "/x", accept).body.starts_with("<!doctype html>"));
    }
}

TEST_CASE("a thrown HttpError becomes a response with its status") {
    const auto refuses = [](Request&) -> Response { throw HttpError(415, "no"); };
    CHECK(ask(refuses, "/x", "*/*").status == 415);
}

TEST_CASE("415 says what would have been accepted, as a page and as JSON") {
    const auto picky = [](Request&) -> Response { throw HttpError(415, "no", "text/x"); };
    CHECK(value_of(ask(picky, "/x", "*/*").headers, "Accept") == "text/x");
    CHECK(value_of(ask(picky, "/api/x", "*/*").headers, "Accept") == "text/x");
    CHECK(ask(not_found, "/x", "*/*").headers.find("Accept") == nullptr);
}

TEST_CASE("503 says when to try again, as a page and as JSON") {
    const auto busy = [](Request&) -> Response { throw HttpError(503, "busy"); };
    CHECK(value_of(ask(busy, "/x", "*/*").headers, "Retry-After") == "5");
    CHECK(value_of(ask(busy, "/api/x", "*/*").headers, "Retry-After") == "5");
}

TEST_CASE("a full disk is 507, and its path is for the operator's eyes only") {
    const Warnings warnings;
    const auto full = [](Request&) -> Response { throw_store_full("/secret/path is full"); };
    const Response response = ask(full, "/api/x", "*/*");
    CHECK(response.status == 507);
    CHECK(response.body ==
          "{\"error\":{\"status\":507,"
          "\"message\":\"There is no room left on the server. Nothing was saved.\"}}\n");
    CHECK(warnings.mention("/secret/path is full\n"));
}

TEST_CASE("a file that can't be opened because too many are open is a shortage, which passes") {
    const Warnings warnings;
    const auto reply_to = [](int error) {
        const auto broken = [=](Request&) -> Response { throw_disk_error("/secret/path", error); };
        return ask(broken, "/api/x", "*/*");
    };
    for (const int error : {EMFILE, ENFILE}) {
        const Response response = reply_to(error);
        CHECK(response.status == 503);
        CHECK(value_of(response.headers, "Retry-After") == "5");
        CHECK(response.body.find("/secret") == std::string::npos);
    }
    CHECK(warnings.mention("/secret/path: Too many open files"));
    CHECK(reply_to(EACCES).status == 500);
}

TEST_CASE("a response that isn't an error is left as it is") {
    const auto fine = [](Request&) { return Response::text("fine"); };
    CHECK(ask(fine, "/api/x", "application/json").body == "fine");
}
