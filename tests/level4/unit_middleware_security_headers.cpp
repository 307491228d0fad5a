// The security headers: which replies get them.
#include <doctest/doctest.h>

#include <string>

#include "middleware/security_headers.hpp"
#include "value_of.hpp"

namespace {

const std::string policy =
    "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'";

Response after(Response response) {
    Request request;
    return security_headers(request, [&](Request&) { return response; });
}

}  // namespace

TEST_CASE("every reply has a policy, whatever its status") {
    for (const Response& response :
         {Response::html("a page"), Response::error(404, "none"), Response::redirect("/"),
          Response{204, {}, ""}, Response{304, {}, ""}, Response{101, {}, ""}}) {
        CAPTURE(response.status);
        CHECK(value_of(after(response), "Content-Security-Policy") == policy);
        CHECK(value_of(after(response), "Referrer-Policy") == "same-origin");
    }
}

TEST_CASE("a reply with a policy of its own keeps it, and gets the other field") {
    Response upload = Response::text("a stranger's");
    upload.headers.set("content-security-policy", "sandbox");
    CHECK(value_of(after(upload), "Content-Security-Policy") == "sandbox");
    CHECK(after(upload).headers.count("Content-Security-Policy") == 1);
    CHECK(value_of(after(upload), "Referrer-Policy") == "same-origin");
    Response page = Response::html("a page");
    page.headers.set("Referrer-Policy", "no-referrer");
    CHECK(value_of(after(page), "Referrer-Policy") == "no-referrer");
    CHECK(value_of(after(page), "Content-Security-Policy") == policy);
}
