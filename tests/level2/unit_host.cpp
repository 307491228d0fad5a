// host.hpp on strings: the grammar of RFC 3986 §3.2.2.
#include <doctest/doctest.h>

#include "../common/address.hpp"
#include "host.hpp"

TEST_CASE("names, addresses and ports are taken apart") {
    const auto name = parse_host("example.com:81");
    REQUIRE(name);
    CHECK(name->name == "example.com");
    CHECK(name->port == "81");
    const auto address = parse_host("[::1]:81");
    REQUIRE(address);
    CHECK(address->name == "[::1]");
    CHECK(address->port == "81");
}

TEST_CASE("whatever the grammar allows is a host") {
    for (const char* text : {"a", "a:", "a.b-c_d~e", "127.0.0.1", "a%20b", "a!$&'()*+,;=b", "",
                             "[::]", "[2001:db8::7]", "[::ffff:192.0.2.1]", "[v7.a:b]"}) {
        CAPTURE(std::string(text));
        CHECK(parse_host(text));
    }
}

TEST_CASE("whatever the grammar does not allow isn't a host") {
    for (const char* text :
         {"a]b",   "[zz]",  "[]",      "[::1", "[::1]x",    "[::1%25lo]", "[1.2.3.4]", "[v7]",
          "[v.a]", "[v7.]", "a%zz",    "a%2",  "a\xc3\xa4", "\xff",       "a b",       "a/b",
          "a@b",   "a:b",   "a:80:80", "a:-1", "a\"",       "a<b>",       "a\\b",      "a|b",
          "a{b}",  "a^b",   "a`b",     "a#b",  "a?b",       "a\tb",       "a,b]"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(parse_host(text));
    }
}

TEST_CASE("what listens on a loopback address is for this machine only, however it is written") {
    for (const char* host :
         {"127.0.0.1", "127.9.8.7", "127.1", "0x7f.0.0.1", "localhost", "LOCALHOST", "::1",
          "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"}) {
        CAPTURE(std::string(host));
        CHECK(is_only_this_machine(host));
    }
    for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "fe80::1",
                             "::127.0.0.1", ""}) {
        CAPTURE(std::string(host));
        CHECK_FALSE(is_only_this_machine(host));
    }
}

TEST_CASE("what stands for all addresses of a machine does so however it is written") {
    for (const char* host : {"0.0.0.0", "0", "0x0.0", "::", "::0", "0:0:0:0:0:0:0:0"}) {
        CAPTURE(std::string(host));
        CHECK(is_every_address(host));
    }
    for (const char* host : {"127.0.0.1", "0.0.0.1", "::1", "localhost", "10.0.0.1", ""}) {
        CAPTURE(std::string(host));
        CHECK_FALSE(is_every_address(host));
    }
}
