// app/message_fields.hpp and app/error_pages.hpp on values.
#include <doctest/doctest.h>

#include <string>

#include "app/message_fields.hpp"
#include "app/message_store.hpp"
#include "bytes.hpp"
#include "middleware/error_pages.hpp"

namespace {

// The names of the fields that are wrong.
std::string wrong(const MessageFields& fields) {
    const Json mistakes = find_mistakes(fields);
    std::string names;
    for (const auto& member : mistakes.as_object()) names += member.name + " ";
    return names;
}

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

TEST_CASE("a name has 1 to 100 characters, whatever their bytes") {
    CHECK(wrong({"Ada", "", "Hi"}) == "");
    CHECK(wrong({"", "", "Hi"}) == "name ");
    CHECK(wrong({repeated("\xf0\x9f\x99\x82", 100), "", "Hi"}) == "");
    CHECK(wrong({repeated("a", 101), "", "Hi"}) == "name ");
    CHECK(wrong({"A\nB", "", "Hi"}) == "name ");
}

TEST_CASE("a message has 1 to 2,000 characters, on any number of lines") {
    CHECK(wrong({"Ada", "", ""}) == "message ");
    CHECK(wrong({"Ada", "", repeated("\xce\xb1", 2000)}) == "");
    CHECK(wrong({"Ada", "", repeated("a", 2001)}) == "message ");
    CHECK(wrong({"Ada", "", "a\n\tb"}) == "");
    CHECK(wrong({"Ada", "", std::string("a\0b", 3)}) == "message ");
}

TEST_CASE("an e-mail address may be left out, and otherwise looks like one") {
    for (const char* good : {"", "a@b", "ada.l+x@example.org"}) {
        CAPTURE(good);
        CHECK(wrong({"Ada", good, "Hi"}) == "");
    }
    for (const char* bad : {"a", "@b", "a@", "a@b@c", "a b@c", "a@b.", "a@b\n"}) {
        CAPTURE(bad);
        CHECK(wrong({"Ada", bad, "Hi"}) == "email ");
    }
    CHECK(wrong({"Ada", repeated("a", 253) + "@b", "Hi"}) == "email ");
}

TEST_CASE("what is not UTF-8 is a mistake in every field") {
    CHECK(wrong({"\xff", "\xff@b", "\xc3"}) == "name email message ");
}

TEST_CASE("tidying takes outer spaces away and makes line ends one character") {
    const auto fields = tidy({" Ada ", "\ta@b\n", " a\r\n b\r\n"});
    CHECK(fields.name == "Ada");
    CHECK(fields.email == "a@b");
    CHECK(fields.message == "a\n b");
}

TEST_CASE("an error is a page for browsers, and JSON for the API and whoever prefers it") {
    CHECK(ask(not_found, "/x", "text/html,*/*;q=0.8").body.starts_with("<!doctype html>"));
    CHECK(ask(not_found, "/x", "*/*").body.starts_with("<!doctype html>"));
    const std::string json = "{\"error\":{\"status\":404,\"message\":\"not \\u003chere>\"}}\n";
    CHECK(ask(not_found, "/x", "application/json").body == json);
    CHECK(ask(not_found, "/api/x", "*/*").body == json);
    CHECK(*ask(not_found, "/api/x", "*/*").headers.find("Content-Type") == "application/json");
}

TEST_CASE("a thrown HttpError and a full disk become responses") {
    const auto refuses = [](Request&) -> Response { throw HttpError(415, "no"); };
    CHECK(ask(refuses, "/x", "*/*").status == 415);
    const auto full = [](Request&) -> Response { throw StoreFull("full"); };
    CHECK(ask(full, "/x", "*/*").status == 507);
}

TEST_CASE("a response that is no error is left as it is") {
    const auto fine = [](Request&) { return Response::text("fine"); };
    CHECK(ask(fine, "/api/x", "application/json").body == "fine");
}
