// Which bytes are UTF-8, in one piece and in several.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "utf8.hpp"

namespace {

std::string encode(unsigned point) {
    const auto byte = [](unsigned value) { return static_cast<char>(value); };
    const auto tail = [&](unsigned shift) { return byte(0x80 | ((point >> shift) & 0x3F)); };
    if (point < 0x80) return {byte(point)};
    if (point < 0x800) return {byte(0xC0 | (point >> 6)), tail(0)};
    if (point < 0x10000) return {byte(0xE0 | (point >> 12)), tail(6), tail(0)};
    return {byte(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("every Unicode character is valid UTF-8, and surrogates and larger numbers are not") {
    for (unsigned point = 0; point <= 0x110100; ++point) {
        const bool is_character = (point < 0xD800 || point > 0xDFFF) && point <= 0x10FFFF;
        if (is_valid_utf8(encode(point)) != is_character) FAIL_CHECK("character number " << point);
    }
}

TEST_CASE("of all pairs of bytes exactly those of the standard are valid") {
    int valid = 0;
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            if (is_valid_utf8(text)) ++valid;
        }
    }
    CHECK(valid == 128 * 128 + 0x800 - 0x80);
}

TEST_CASE("overlong and incomplete characters and stray bytes are not UTF-8") {
    const std::vector<std::string> wrong = {"\xC0\xAF",
                                            "\xC1\xBF",
                                            "\xE0\x80\xAF",
                                            "\xE0\x9F\xBF",
                                            "\xF0\x8F\xBF\xBF",
                                            "\xF0\x80\x80\xAF",
                                            "\x80",
                                            "a\xBF",
                                            "\xC3",
                                            "\xE2\x82",
                                            "\xF0\x9F\x98",
                                            "\xC3(",
                                            "\xE2(\xA1",
                                            "\xE2\x82(",
                                            "\xF0\x9F\x98(",
                                            "\xED\xA0\x80",
                                            "\xF4\x90\x80\x80",
                                            "\xF5\x80\x80\x80",
                                            "\xFE",
                                            "\xFF"};
    for (const std::string& text : wrong) {
        CAPTURE(text);
        CHECK_FALSE(is_valid_utf8(text));
        CHECK_FALSE(is_valid_utf8("before" + text + "after"));
    }
    CHECK(is_valid_utf8(""));
    CHECK(is_valid_utf8(std::string_view("\0", 1)));
}

TEST_CASE("a character that is cut in two is incomplete, not invalid") {
    Utf8Validator validator;
    CHECK(validator.complete());
    CHECK(validator.feed("caf\xC3"));
    CHECK_FALSE(validator.complete());
    CHECK(validator.feed(""));
    CHECK(validator.feed("\xA9"));
    CHECK(validator.complete());
    CHECK(validator.feed("\xF0"));
    CHECK(validator.feed("\x9F"));
    CHECK(validator.feed("\x98"));
    CHECK_FALSE(validator.complete());
    CHECK(validator.feed("\x80"));
    CHECK(validator.complete());
}

TEST_CASE("the narrower range after some first bytes holds across pieces") {
    for (std::string_view text :
         {"\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80"}) {
        Utf8Validator validator;
        CHECK(validator.feed(text.substr(0, 1)));
        CHECK_FALSE(validator.feed(text.substr(1, 1)));
    }
}

TEST_CASE("after an invalid byte everything is invalid") {
    Utf8Validator validator;
    CHECK_FALSE(validator.feed("good\xFF"));
    CHECK_FALSE(validator.feed("good again"));
    CHECK_FALSE(validator.feed(""));
    CHECK_FALSE(validator.complete());
}
