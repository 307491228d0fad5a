// The rules for the fields of a message, on both sides of each limit.
#include <doctest/doctest.h>

#include <string>

#include "app/message_fields.hpp"
#include "bytes.hpp"

namespace {

// The names of the fields that are wrong.
std::string wrong(const MessageFields& fields) {
    const Json mistakes = find_mistakes(fields);
    std::string names;
    for (const auto& member : mistakes.as_object()) names += member.name + " ";
    return names;
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
        CAPTURE(std::string(good));
        CHECK(wrong({"Ada", good, "Hi"}) == "");
    }
    for (const char* bad : {"a", "@b", "a@", "a@b@c", "a b@c", "a@b.", "a@b\n"}) {
        CAPTURE(std::string(bad));
        CHECK(wrong({"Ada", bad, "Hi"}) == "email ");
    }
    CHECK(wrong({"Ada", repeated("a", 253) + "@b", "Hi"}) == "email ");
}

TEST_CASE("control characters past ASCII, which some terminals obey, are refused in every field") {
    for (const char* control : {"\xC2\x80",
                                "\xC2\x9B"
                                "31m",
                                "\xC2\x9F"}) {
        CAPTURE(std::string(control));
        const std::string text = std::string("a") + control;
        CHECK(wrong({text, "x@" + text, text}) == "name email message ");
    }
    CHECK(wrong({"\xC2\xA0"
                 "a\xC3\x80\xC3\x9F",
                 "", "\xE2\x82\x80\xC2\xBF"}) == "");
}

TEST_CASE("a control character is named as the mistake, and not the length or the form") {
    const Json mistakes = find_mistakes({"a\x1b", "x@y\x7f", "a\rb"});
    REQUIRE(mistakes.as_object().size() == 3);
    for (const auto& mistake : mistakes.as_object()) {
        CAPTURE(mistake.name);
        CHECK(mistake.value.as_string().find("control character") != std::string::npos);
    }
}

TEST_CASE("text that is not UTF-8 is a mistake in every field") {
    CHECK(wrong({"\xff", "\xff@b", "\xc3"}) == "name email message ");
}

TEST_CASE("tidying removes outer spaces and makes each line end a single character") {
    const auto fields = tidy({" Ada ", "\ta@b\n", " a\r\n b\r\n"});
    CHECK(fields.name == "Ada");
    CHECK(fields.email == "a@b");
    CHECK(fields.message == "a\n b");
}
