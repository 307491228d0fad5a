// Response::redirect(): a small page of its own, for the few clients that don't follow it.
#include <doctest/doctest.h>

#include <string>

#include "response.hpp"

TEST_CASE("a redirect has the status and the address that it was given") {
    const auto response = Response::redirect("/new?a=1", 301);
    CHECK(response.status == 301);
    CHECK(*response.headers.find("Location") == "/new?a=1");
    CHECK(response.headers.find("Content-Type")->starts_with("text/html"));
    CHECK(response.body.find("301 Moved Permanently") != std::string::npos);
    CHECK(Response::redirect("/new").status == 303);
}

TEST_CASE("a redirect's page links to the new address, which is escaped there") {
    const auto response = Response::redirect("/?a=\"><script>&b='1'");
    CHECK(response.body.find("<a href=\"/?a=&quot;&gt;&lt;script&gt;&amp;b=&#39;1&#39;\">") !=
          std::string::npos);
    CHECK(response.body.find("<script>") == std::string::npos);
    CHECK(*response.headers.find("Location") == "/?a=\"><script>&b='1'");
}
