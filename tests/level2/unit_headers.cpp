// headers.hpp on strings.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "headers.hpp"
#include "text.hpp"

TEST_CASE("field names compare without regard to case") {
    Headers headers;
    headers.add("Content-TYPE", "text/html");
    REQUIRE(headers.find("content-type") != nullptr);
    CHECK(*headers.find("content-type") == "text/html");
}

TEST_CASE("a missing field is not found") {
    const Headers headers;
    CHECK(headers.find("Host") == nullptr);
}

TEST_CASE("fields keep their order, their spelling and their repetitions") {
    Headers headers;
    headers.add("B", "1");
    headers.add("a", "2");
    headers.add("b", "3");
    std::string seen;
    for (const auto& [name, value] : headers) seen += name + value;
    CHECK(seen == "B1a2b3");
    CHECK(headers.count("b") == 2);
}

TEST_CASE("set() leaves one field of the name") {
    Headers headers;
    headers.add("Allow", "GET");
    headers.add("allow", "HEAD");
    headers.set("ALLOW", "POST");
    CHECK(headers.count("Allow") == 1);
    CHECK(*headers.find("Allow") == "POST");
}

TEST_CASE("a value that would begin another field is refused") {
    for (const std::string_view value :
         {std::string_view("a\r\nSet-Cookie: b=c"), std::string_view("a\nb"),
          std::string_view("a\r"), std::string_view("a\0b", 3), std::string_view("\x7f")}) {
        Headers headers;
        CHECK_THROWS_AS(headers.add("Location", value), std::invalid_argument);
        CHECK_THROWS_AS(headers.set("Location", value), std::invalid_argument);
    }
}

TEST_CASE("a name that is not a token is refused") {
    for (const std::string_view name : {"", "a b", "a:", "a\r\nb", "\xc3\xa4", "a(b)"}) {
        Headers headers;
        CHECK_THROWS_AS(headers.add(name, "value"), std::invalid_argument);
    }
}

TEST_CASE("a value may contain tabs and bytes from 0x80 on") {
    CHECK(is_field_value("a\tb \xc3\xa4"));
}

TEST_CASE("trim() removes spaces and tabs, and nothing else") {
    CHECK(trim(" \t a b\t ") == "a b");
    CHECK(trim(" \t ") == "");
    CHECK(trim("\na") == "\na");
}
