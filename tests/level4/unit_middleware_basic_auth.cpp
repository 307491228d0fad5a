// Basic authentication: which requests pass, and what the others are told.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "middleware/basic_auth.hpp"
#include "session/base64.hpp"

namespace {

const BasicAuthOptions ada{.realm = "Guests", .user = "Ada", .password = "l:ov\xC3\xA9 lace"};

// The reply to a request with these Authorization fields.
Response reply_to(const std::vector<std::string>& fields, const BasicAuthOptions& options = ada) {
    Request request;
    request.method = "GET";
    for (const auto& field : fields) request.headers.add("Authorization", field);
    bool reached = false;
    const Handler app = wrap({basic_auth(options)}, [&](Request&) {
        reached = true;
        return Response::text("secret");
    });
    const Response response = app(request);
    CHECK(reached == (response.status == 200));
    return response;
}

std::string basic(const std::string& credentials) {
    return "Basic " + base64_encode(credentials);
}

const std::string right = ada.user + ":" + ada.password;

}  // namespace

TEST_CASE("the right user with the right password passes") {
    CHECK(reply_to({basic(right)}).status == 200);
    CHECK(reply_to({basic(right)}).body == "secret");
    CHECK(reply_to({basic("a:b")}, {.user = "a", .password = "b"}).status == 200);
}

TEST_CASE("the scheme's name may be in any case, and more than one space may follow") {
    CHECK(reply_to({"basic " + base64_encode(right)}).status == 200);
    CHECK(reply_to({"BASIC   " + base64_encode(right)}).status == 200);
}

TEST_CASE("without a password the reply is 401, which makes the browser ask") {
    const Response response = reply_to({});
    CHECK(response.status == 401);
    REQUIRE(response.headers.find("WWW-Authenticate") != nullptr);
    CHECK(*response.headers.find("WWW-Authenticate") ==
          "Basic realm=\"Guests\", charset=\"UTF-8\"");
    CHECK(response.problem != "");
    CHECK(response.body.find("secret") == std::string::npos);
}

TEST_CASE("a wrong user or password is 401, however close it is") {
    for (const std::string& wrong : std::vector<std::string>{
             "", ":", "Ada", "Ada:", right.substr(0, right.size() - 1), right + " ", " " + right,
             right + std::string(1, '\0'), right.substr(1), "ada:" + ada.password,
             "Eve:" + ada.password, ":" + ada.password, ada.user + ada.password,
             ada.password + ":" + ada.user, right + "\n"}) {
        CAPTURE(wrong);
        const Response response = reply_to({basic(wrong)});
        CHECK(response.status == 401);
        CHECK(response.headers.count("WWW-Authenticate") == 1);
    }
}

TEST_CASE("a malformed field is 401 as well") {
    const std::string code = base64_encode(right);
    for (const std::string& bad : std::vector<std::string>{
             "", "Basic", "Basic ", "Basic" + code, code, "Basic " + code + "=",
             "Basic " + code + " x", "Basic !" + code, "Basic " + right, "Bearer " + code,
             "Basic\t" + code, "Basic realm=\"x\"", "Digest " + code,
             "Basic " + code.substr(0, code.size() - 1), "Basic " + code + "," + code}) {
        CAPTURE(bad);
        CHECK(reply_to({bad}).status == 401);
    }
    CHECK(reply_to({basic(right), basic(right)}).status == 401);  // which of the two is meant?
    CHECK(reply_to({basic(right), "Bearer x"}).status == 401);
}

TEST_CASE("if no user or password has been set, every request is 403, also one with empty ones") {
    for (const BasicAuthOptions& options :
         {BasicAuthOptions{}, BasicAuthOptions{.user = "Ada"}, BasicAuthOptions{.password = "x"}}) {
        for (const std::string credentials : {"", ":", "Ada:", ":x", "Ada:x"}) {
            const Response response = reply_to({basic(credentials)}, options);
            CHECK(response.status == 403);
            CHECK(response.headers.find("WWW-Authenticate") == nullptr);
        }
        CHECK(reply_to({}, options).status == 403);
    }
}

TEST_CASE("options that can't work stop the program at its start") {
    CHECK_THROWS_AS(basic_auth({.user = "a:b", .password = "c"}), std::invalid_argument);
    for (const char* realm : {"say \"hi\"", "back\\slash", "line\r\nSet-Cookie: a=b", "\x01"}) {
        CAPTURE(std::string(realm));
        CHECK_THROWS_AS(basic_auth({.realm = realm, .user = "a", .password = "b"}),
                        std::invalid_argument);
    }
    basic_auth({.realm = "", .user = "a", .password = "b:c"});
}
