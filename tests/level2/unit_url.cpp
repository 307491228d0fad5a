// url.hpp on strings.
#include <doctest/doctest.h>

#include <string>

#include "url.hpp"

TEST_CASE("percent-encoded bytes are decoded") {
    CHECK(percent_decode("/a%20b%2Fc%c3%A4") == "/a b/c\xc3\xa4");
    CHECK(percent_decode("%00") == std::string(1, '\0'));
    CHECK(percent_decode("") == "");
}

TEST_CASE("a plus is a plus in a path") {
    CHECK(percent_decode("a+b") == "a+b");
}

TEST_CASE("a percent sign without two hexadecimal digits is refused in a path") {
    for (const char* text : {"%", "%4", "%zz", "%4g", "a%", "%-1", "%+1", "% 1", "%0x"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(percent_decode(text).has_value());
    }
}

TEST_CASE("a text is decoded only once") {
    CHECK(percent_decode("%2541") == "%41");
}

TEST_CASE("a query is taken apart in order, with repeated names and empty values") {
    const QueryPairs expected{{"a", "1"}, {"b", ""}, {"a", "2"}, {"c", ""}, {"", "d"}};
    CHECK(parse_query("a=1&b=&a=2&c&=d") == expected);
}

TEST_CASE("empty pieces of a query are skipped") {
    CHECK(parse_query("&&").empty());
}

TEST_CASE("names and values of a query are decoded, + as a space") {
    const QueryPairs expected{{"full name", "Ada & Co=1"}};
    CHECK(parse_query("full+name=Ada+%26%20Co=1") == expected);
}

TEST_CASE("a percent sign that doesn't begin an escape stands for itself in a query") {
    CHECK(query_value("rate=100%&x=%zz", "rate") == "100%");
    CHECK(query_value("rate=100%&x=%zz", "x") == "%zz");
}

TEST_CASE("the first value of a name is found, and a missing name is not") {
    CHECK(query_value("a=1&a=2", "a") == "1");
    CHECK_FALSE(query_value("a=1", "b").has_value());
}
