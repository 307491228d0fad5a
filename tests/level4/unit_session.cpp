// Sessions: what is stored comes back, and only the holder of the key can make or change one.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "mutation.hpp"
#include "session/base64.hpp"
#include "session/cookie.hpp"
#include "session/session.hpp"
#include "session/sha256.hpp"

namespace {

using Keys = std::vector<std::string>;
using Flashes = std::vector<std::string>;

const Keys keys = {"a key for tests"};
const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));

std::string sealed(const Session& session, const Keys& with = keys) {
    return seal_session(session, with, now).value;
}

Session opened(const std::string& value, const Keys& with = keys) {
    return open_session(value, with, now);
}

Session ada() {
    Session session;
    session.set("name", "Ada");
    session.flash("Saved.");
    return session;
}

// A cookie with a valid signature of any payload, as another version might have written it.
std::string signed_payload(const std::string& payload) {
    const std::string text = base64url_encode(payload);
    return text + "." + base64url_encode(hmac_sha256(keys[0], "session." + text));
}

}  // namespace

TEST_CASE("what is stored in a session comes back from its cookie") {
    Session session = ada();
    session.set("empty", "");
    session.set("odd; name=\r\n", std::string("any \0 byte \xFF; 5:hello", 21));
    session.flash("");
    Session again = opened(sealed(session));
    CHECK(again.get("name") == "Ada");
    CHECK(again.get("empty") == "");
    CHECK(again.get("odd; name=\r\n") == std::string("any \0 byte \xFF; 5:hello", 21));
    CHECK(again.get("unknown") == "");
    CHECK(again.take_flashes() == Flashes{"Saved.", ""});
}

TEST_CASE("the session cookie is HttpOnly, SameSite=Lax, for every path, for 14 days") {
    Session session;
    session.set("a", "b");
    const std::string field = serialize_cookie(seal_session(session, keys, now));
    CHECK(field.starts_with("session="));
    CHECK(field.ends_with("; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax"));
    // The format is fixed, because a new version of the program must understand old cookies.
    CHECK(sealed(session) == signed_payload("10:17012096001:a1:b"));
}

TEST_CASE("a session lives until the last second of its 14 days, even in a stolen copy") {
    const std::string value = sealed(ada());
    const auto end = now + std::chrono::hours(14 * 24);
    CHECK(open_session(value, keys, end - std::chrono::seconds(1)).get("name") == "Ada");
    CHECK(open_session(value, keys, end).empty());
    CHECK(open_session(value, keys, end + std::chrono::hours(100'000)).empty());
}

TEST_CASE("no cookie gives an empty session, and an empty session needs no cookie") {
    const Session session = opened("");
    CHECK(session.empty());
    CHECK_FALSE(session.changed());
}

TEST_CASE("a session cookie with any bit changed, with bytes added or cut off, is refused") {
    const std::string value = sealed(ada());
    for (std::size_t i = 0; i < value.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string forged = value;
            forged[i] = static_cast<char>(forged[i] ^ (1 << bit));
            if (!opened(forged).empty()) FAIL_CHECK("byte " << i << " bit " << bit);
        }
        if (!opened(value.substr(0, i)).empty()) FAIL_CHECK("cut at " << i);
        if (!opened(value.substr(i + 1)).empty()) FAIL_CHECK("without the first " << i + 1);
    }
    CHECK(opened(value + "A").empty());
    CHECK(opened(value + ".").empty());
    CHECK(opened(" " + value).empty());
    CHECK(opened(".").empty());
    CHECK(opened("..").empty());
}

TEST_CASE("the signature of one session is not valid for another") {
    Session other;
    other.set("name", "Eve");
    const std::string a = sealed(ada());
    const std::string b = sealed(other);
    CHECK(opened(b.substr(0, b.find('.')) + a.substr(a.find('.'))).empty());
}

TEST_CASE("a signature made with the same key for another purpose is refused") {
    const std::string text = base64url_encode("10:17012096004:name3:Eve");
    CHECK(opened(text + "." + base64url_encode(hmac_sha256(keys[0], text))).empty());
}

TEST_CASE("a payload with a valid signature that can't be read gives an empty session") {
    CHECK(opened(signed_payload("10:17012096004:name3:Eve")).get("name") == "Eve");
    for (const char* payload :
         {"", "x", "10:1701209600:", "10:17012096004:name", "10:17012096004:namex:",
          "10:17012096004:name:", "10:17012096004:name4:Eve", "10:17012096004:name3:Eve7",
          "10:17012096004:name-1:Eve", "3:soon4:name3:Eve", "11:1701209600x4:name3:Eve",
          "0:4:name3:Eve", "99999999999999999999:x", "10:1701209600+4:name3:Eve",
          "20:999999999999999999994:name3:Eve", "10:1701209600 4:name3:Eve"}) {
        CAPTURE(std::string(payload));
        CHECK(opened(signed_payload(payload)).empty());
    }
}

TEST_CASE("the first key signs, and every key of the list verifies") {
    const std::string old_value = sealed(ada(), {"old"});
    CHECK(opened(old_value, {"new", "old"}).get("name") == "Ada");
    CHECK(opened(old_value, {"new"}).empty());
    CHECK(opened(old_value, {}).empty());

    const std::string new_value = sealed(ada(), {"new", "old"});
    CHECK(opened(new_value, {"new"}).get("name") == "Ada");
    CHECK(opened(new_value, {"old"}).empty());
}

TEST_CASE("SECRET_KEY is a list of keys, with commas between them") {
    CHECK(parse_session_keys("one") == Keys{"one"});
    CHECK(parse_session_keys("new,old,older") == Keys{"new", "old", "older"});
    CHECK(parse_session_keys(" new , o ld ") == Keys{"new", "o ld"});
    CHECK(parse_session_keys(",,a,,b,") == Keys{"a", "b"});
    CHECK(parse_session_keys("").empty());
    CHECK(parse_session_keys(" , ,").empty());
}

TEST_CASE("an empty key never signs") {
    CHECK_THROWS_AS(seal_session(ada(), {}, now), std::invalid_argument);
    CHECK_THROWS_AS(seal_session(ada(), parse_session_keys(" ,"), now), std::invalid_argument);
}

TEST_CASE("random keys have 32 bytes and differ") {
    CHECK(random_session_key().size() == 32);
    CHECK(random_session_key() != random_session_key());
    const Keys random = {random_session_key()};
    CHECK(opened(sealed(ada(), random), random).get("name") == "Ada");
}

TEST_CASE("a session knows whether it has changed and needs a Set-Cookie") {
    const std::string value = sealed(ada());
    const auto changes = [&](auto action) {
        Session session = opened(value);
        action(session);
        return session.changed();
    };
    CHECK_FALSE(changes([](Session&) {}));
    CHECK_FALSE(changes([](Session& session) { session.get("name"); }));
    CHECK_FALSE(changes([](Session& session) { session.set("name", "Ada"); }));
    CHECK_FALSE(changes([](Session& session) { session.erase("unknown"); }));
    CHECK(changes([](Session& session) { session.set("name", "Grace"); }));
    CHECK(changes([](Session& session) { session.set("new", ""); }));
    CHECK(changes([](Session& session) { session.erase("name"); }));
    CHECK(changes([](Session& session) { session.clear(); }));
    CHECK(changes([](Session& session) { session.flash("hello"); }));
    CHECK(changes([](Session& session) { session.take_flashes(); }));

    Session empty;
    empty.clear();
    CHECK(empty.take_flashes().empty());
    CHECK_FALSE(empty.changed());
}

TEST_CASE("a flash is seen once") {
    Session session = opened(sealed(ada()));
    CHECK(session.take_flashes() == Flashes{"Saved."});
    CHECK(session.take_flashes().empty());
    Session next = opened(sealed(session));
    CHECK(next.take_flashes().empty());
    CHECK(next.get("name") == "Ada");
}

TEST_CASE("an erased value is gone, and others stay") {
    Session session = ada();
    session.set("other", "x");
    session.erase("name");
    Session next = opened(sealed(session));
    CHECK(next.get("name") == "");
    CHECK(next.get("other") == "x");
}

TEST_CASE("a session that has become empty makes the browser forget its cookie") {
    Session session = opened(sealed(ada()));
    session.clear();
    CHECK(session.empty());
    CHECK(serialize_cookie(seal_session(session, keys, now)) ==
          "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; HttpOnly; "
          "SameSite=Lax");
}

TEST_CASE("a value in the session needs a name") {
    Session session;
    CHECK_THROWS_AS(session.set("", "x"), std::invalid_argument);
    CHECK_FALSE(session.changed());
}

TEST_CASE("a session that needs a cookie of more than 4096 bytes is an error that says so") {
    const auto field_with = [](std::size_t length) {
        Session session;
        session.set("text", std::string(length, 'x'));
        return serialize_cookie(seal_session(session, keys, now));
    };
    std::size_t fits = 2900;
    while (fits < 4096) {
        try {
            field_with(fits + 1);
        } catch (const std::length_error& error) {
            CHECK(std::string(error.what()).starts_with("cookie 'session' takes 409"));
            break;
        }
        ++fits;
    }
    // Base64 grows by one or two bytes at a time.
    CHECK(field_with(fits).size() >= 4095);
    CHECK(field_with(fits).size() <= 4096);
    const std::string field = field_with(fits);
    CHECK(opened(parse_cookies(field).front().second).get("text") == std::string(fits, 'x'));
}

TEST_CASE("a damaged session cookie is refused, and a signed damaged payload never crashes") {
    const std::string good = sealed(ada());
    try_mutations("session cookies", {good}, {".", "=", "-", std::string(1, '\0')},
                  [&](const std::string& value) {
                      if (value != good) CHECK(opened(value).empty());
                  });
    try_mutations("session payloads", {"10:17012096004:name3:Ada0:6:Saved."},
                  {":", "0:", "18446744073709551615:", "-1:", "10:1701209600"},
                  [](const std::string& payload) { opened(signed_payload(payload)); });
}

TEST_CASE("of several session cookies the first valid one counts, wherever it stands") {
    const std::string good = sealed(ada());
    const auto found = [](const std::vector<std::string>& fields) {
        Headers headers;
        for (const auto& field : fields) headers.add("Cookie", field);
        return find_session(headers, keys, now).get("name");
    };
    const std::string name = ada().get("name");
    CHECK(found({"session=" + good}) == name);
    CHECK(found({"session=not ours; session=" + good}) == name);
    CHECK(found({"session=; a=1; session=x.y; session=" + good}) == name);
    CHECK(found({"a=1", "session=old", "session=" + good + "; b=2"}) == name);
    CHECK(found({"a=1; session=\"" + good + "\""}) == name);
    CHECK(found({}) == "");
    CHECK(found({"session=old", "SESSION=" + good, "a=" + good}) == "");
    Session grace;
    grace.set("name", "Grace");
    CHECK(found({"session=" + sealed(grace) + "; session=" + good}) == "Grace");
}

TEST_CASE("a client can't make the server try a thousand session cookies") {
    std::string nine, ten;
    for (int i = 0; i < 9; ++i) nine += "session=x.y; ";
    for (int i = 0; i < 10; ++i) ten += "session=x.y; ";
    const auto name_in = [](const std::string& cookies) {
        Headers headers;
        headers.add("Cookie", cookies + "session=" + sealed(ada()));
        return find_session(headers, keys, now).get("name");
    };
    CHECK(name_in(nine) == ada().get("name"));
    CHECK(name_in(ten).empty());
}
