// Cookies: what is read from a Cookie field, and what is let into a Set-Cookie field.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mutation.hpp"
#include "session/cookie.hpp"

namespace {

using Cookies = std::vector<std::pair<std::string, std::string>>;
using std::chrono::system_clock;

system_clock::time_point at(long long seconds) {
    return system_clock::time_point(std::chrono::seconds(seconds));
}

}  // namespace

TEST_CASE("a Cookie field is a list of pairs") {
    CHECK(parse_cookies("a=1") == Cookies{{"a", "1"}});
    CHECK(parse_cookies("a=1; b=two; c=") == Cookies{{"a", "1"}, {"b", "two"}, {"c", ""}});
    CHECK(parse_cookies("").empty());
}

TEST_CASE("names of cookies differ by case, and values may hold equals signs") {
    CHECK(parse_cookies("A=1; a=2") == Cookies{{"A", "1"}, {"a", "2"}});
    CHECK(parse_cookies("a=b=c==") == Cookies{{"a", "b=c=="}});
}

TEST_CASE("two cookies with one name are both there, in their order") {
    CHECK(parse_cookies("a=first; b=2; a=second") ==
          Cookies{{"a", "first"}, {"b", "2"}, {"a", "second"}});
    CHECK(parse_cookies("a=; a=second") == Cookies{{"a", ""}, {"a", "second"}});
}

TEST_CASE("blanks around pairs do not matter, and none are needed") {
    CHECK(parse_cookies("a=1;b=2") == Cookies{{"a", "1"}, {"b", "2"}});
    CHECK(parse_cookies(" \ta = 1 ;\t b\t=2  ;; ; ") == Cookies{{"a", "1"}, {"b", "2"}});
    CHECK(parse_cookies("a=one two") == Cookies{{"a", "one two"}});
}

TEST_CASE("quotes around a value are removed, and a single quote makes it malformed") {
    CHECK(parse_cookies("a=\"1\"; b=\"\"") == Cookies{{"a", "1"}, {"b", ""}});
    CHECK(parse_cookies("a=\"1; b=2\"; c=\"; d=x\"y; e=5") == Cookies{{"e", "5"}});
}

TEST_CASE("a malformed pair is skipped, and its neighbours count") {
    for (const std::string bad :
         {"novalue", "=noname", "na me=1", "n\xC3\xA4me=1", "a=\x01", "a=\x7f", "a=\xC3\xA4",
          "a=back\\slash", "na\"me=1", "a,b=1", ""}) {
        CAPTURE(bad);
        CHECK(parse_cookies("x=1; " + bad + "; y=2") == Cookies{{"x", "1"}, {"y", "2"}});
    }
    CHECK(parse_cookies("a=bad\\; a=good") == Cookies{{"a", "good"}});
    CHECK(parse_cookies(std::string("a=\0; b=2", 8)) == Cookies{{"b", "2"}});
}

TEST_CASE("a cookie without attributes is just its pair") {
    CHECK(serialize_cookie({.name = "a", .value = "1"}) == "a=1");
    CHECK(serialize_cookie({.name = "a", .value = ""}) == "a=");
}

TEST_CASE("every attribute of a cookie is written") {
    Cookie cookie{.name = "id", .value = "x1"};
    cookie.expires = at(784111777);
    cookie.max_age = std::chrono::hours(1);
    cookie.domain = "example.com";
    cookie.path = "/docs";
    cookie.secure = true;
    cookie.http_only = true;
    cookie.same_site = SameSite::none;
    CHECK(serialize_cookie(cookie) ==
          "id=x1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=3600; Domain=example.com; "
          "Path=/docs; Secure; HttpOnly; SameSite=None");
    cookie.same_site = SameSite::strict;
    CHECK(serialize_cookie(cookie).ends_with("; SameSite=Strict"));
    cookie.same_site = SameSite::lax;
    CHECK(serialize_cookie(cookie).ends_with("; SameSite=Lax"));
}

TEST_CASE("a name, value, domain or path that would break the Set-Cookie field is refused") {
    // Each of these would let an attacker begin an attribute, a field or a whole response.
    for (const std::string bad : {"x\r\nSet-Cookie: a=b", "x\ny", "x\ry", "x; Domain=evil.example",
                                  "x\x01", "x\x7f", "x\xC3\xA4"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(serialize_cookie({.name = bad, .value = "1"}), std::invalid_argument);
        CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = bad}), std::invalid_argument);
        CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = "1", .domain = bad}),
                        std::invalid_argument);
        CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = "1", .path = "/" + bad}),
                        std::invalid_argument);
    }
    const std::string nul("x\0y", 3);
    CHECK_THROWS_AS(serialize_cookie({.name = nul, .value = "1"}), std::invalid_argument);
    CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = nul}), std::invalid_argument);
    CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = "1", .domain = nul}),
                    std::invalid_argument);
    CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = "1", .path = "/" + nul}),
                    std::invalid_argument);
}

TEST_CASE("a value with a blank, comma, quote or backslash is refused") {
    for (const char* bad : {"a b", "a,b", "\"a\"", "a\\b", " ", ","}) {
        CAPTURE(std::string(bad));
        CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = bad}), std::invalid_argument);
    }
    for (const char* bad : {"", "a b", "a=b", "a,b", "\"a\""}) {
        CAPTURE(std::string(bad));
        CHECK_THROWS_AS(serialize_cookie({.name = bad, .value = "1"}), std::invalid_argument);
    }
}

TEST_CASE("a cookie that browsers would silently refuse is an error") {
    CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = "1", .path = "docs"}),
                    std::invalid_argument);
    CHECK_THROWS_AS(serialize_cookie({.name = "a", .value = "1", .same_site = SameSite::none}),
                    std::invalid_argument);
}

TEST_CASE("Expires is written as an HTTP date, for every time that the clock can express") {
    const auto with_expiry = [](long long seconds) {
        return serialize_cookie({.name = "a", .value = "1", .expires = at(seconds)});
    };
    CHECK(with_expiry(0) == "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(with_expiry(951782400) == "a=1; Expires=Tue, 29 Feb 2000 00:00:00 GMT");
    // The clock of libstdc++ counts nanoseconds in 64 bits: the years 1678 to 2262.
    CHECK(with_expiry(-9'000'000'000) == "a=1; Expires=Thu, 19 Oct 1684 08:00:00 GMT");
    CHECK(with_expiry(9'000'000'000) == "a=1; Expires=Wed, 14 Mar 2255 16:00:00 GMT");
}

TEST_CASE("a cookie may have 4096 bytes, and one more byte is an error that says so") {
    Cookie cookie{.name = "big", .value = "", .path = "/"};
    const std::size_t rest = serialize_cookie(cookie).size();
    cookie.value = std::string(max_cookie_bytes - rest, 'v');
    CHECK(serialize_cookie(cookie).size() == 4096);
    cookie.value += 'v';
    CHECK_THROWS_WITH_AS(serialize_cookie(cookie),
                         "cookie 'big' takes 4097 bytes; browsers drop more than 4096",
                         std::length_error);
}

TEST_CASE("what serialize_cookie writes, parse_cookies reads") {
    std::string value;
    for (char c = '!'; c <= '~'; ++c) {
        if (c != '"' && c != ',' && c != ';' && c != '\\') value += c;
    }
    const std::string field = serialize_cookie({.name = "all", .value = value});
    CHECK(parse_cookies(field) == Cookies{{"all", value}});
}

TEST_CASE("a damaged Cookie field never crashes the parser, and never yields a control character") {
    try_mutations("cookies", {"a=1; b=\"two\"; session=abc.def", "x=; ;=;\"\"=\"\""},
                  {";", "=", "\"", "; ", "\r\n", std::string(1, '\0'), "a=1"},
                  [](const std::string& field) {
                      for (const auto& [name, value] : parse_cookies(field)) {
                          // A value that was read can be sent without its blanks and commas.
                          std::string sent = value;
                          std::erase_if(sent, [](char c) { return c == ' ' || c == ','; });
                          CHECK_NOTHROW(serialize_cookie({.name = name, .value = sent}));
                      }
                  });
}
