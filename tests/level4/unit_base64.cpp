// Base64 in both alphabets: the vectors of RFC 4648, and texts that are almost base64.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "session/base64.hpp"

namespace {

const std::vector<std::pair<std::string, std::string>> rfc4648_vectors = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

}  // namespace

TEST_CASE("base64 encodes and decodes the test vectors of RFC 4648") {
    for (const auto& [bytes, text] : rfc4648_vectors) {
        CHECK(base64_encode(bytes) == text);
        CHECK(base64_decode(text) == bytes);
        const std::string unpadded = text.substr(0, text.find('='));
        CHECK(base64url_encode(bytes) == unpadded);
        CHECK(base64url_decode(unpadded) == bytes);
    }
}

TEST_CASE("the two alphabets differ in the last two characters") {
    CHECK(base64_encode("\xFB\xEF\xFF") == "++//");
    CHECK(base64url_encode("\xFB\xEF\xFF") == "--__");
    CHECK_FALSE(base64_decode("--__"));
    CHECK_FALSE(base64url_decode("++//"));
}

TEST_CASE("any bytes are the same after encoding and decoding") {
    std::string bytes;
    for (int i = 0; i < 1024; ++i) {
        bytes += static_cast<char>(i * 37 + i / 256);
        if (base64_decode(base64_encode(bytes)) != bytes) FAIL_CHECK("length " << i);
        if (base64url_decode(base64url_encode(bytes)) != bytes) FAIL_CHECK("length " << i);
    }
}

TEST_CASE("text that is not base64 is refused") {
    for (const char* text : {"Z", "A", "A===", "AAAAA===", "Zg", "Zg=", "Zg===", "Zm9v=", "=",
                             "==", "====", "Zg==Zg==", "Z===", "Zm=v", "Zm9 ", "Zm9\n", "Zm9v\r\n",
                             "Zm9\x80", "Zm9vYg"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(base64_decode(text));
    }
    for (const char* text :
         {"Z", "A", "AAAAA", "Zg==", "Zm8=", "Zm9vZ", "Zm 8", "Zm9v=", "Zm9v\n"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(base64url_decode(text));
    }
    CHECK_FALSE(base64url_decode(std::string("Zm\0v", 4)));
}

TEST_CASE("unused bits of the last character must be zero, so that bytes have only one text") {
    CHECK(base64_decode("Zg=="));
    CHECK_FALSE(base64_decode("Zh=="));
    CHECK_FALSE(base64_decode("Zm9="));
    CHECK_FALSE(base64url_decode("Zh"));
    CHECK_FALSE(base64url_decode("Zm9"));
}
