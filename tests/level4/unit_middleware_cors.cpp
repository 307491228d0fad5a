// CORS: which pages of other origins may read a reply, and what the preflight is told.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "middleware/cors.hpp"
#include "value_of.hpp"

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;
using List = std::vector<std::string>;

const std::string ours = "https://app.example";
const std::string theirs = "https://evil.example";

Request make_request(const std::string& method, const std::string& path, const Fields& fields) {
    Request request;
    request.method = method;
    request.path = path;
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return request;
}

// The reply to a request, and whether the handler behind the middleware has seen it.
struct Outcome {
    Response response;
    bool reached = false;
    std::string operator[](std::string_view name) const { return value_of(response, name); }
    bool mentions_cors() const {
        for (const auto& [name, value] : response.headers) {
            if (name.starts_with("Access-Control-")) return true;
        }
        return false;
    }
};

Outcome send(const CorsOptions& options, const std::string& method, const Fields& fields,
             const std::string& path = "/api/messages", int status = 200) {
    Outcome outcome;
    const Handler app = wrap({cors(options)}, [&](Request&) {
        outcome.reached = true;
        return Response::text("hello", status);
    });
    Request request = make_request(method, path, fields);
    outcome.response = app(request);
    return outcome;
}

Outcome preflight(const CorsOptions& options, const std::string& origin,
                  const std::string& path = "/api/messages") {
    return send(options, "OPTIONS",
                {{"Origin", origin},
                 {"Access-Control-Request-Method", "PUT"},
                 {"Access-Control-Request-Headers", "content-type"}},
                path);
}

const CorsOptions only_ours{.allow_origins = {ours, "http://localhost:3000"}};

}  // namespace

TEST_CASE("by default every page may read every reply, and caches needn't tell pages apart") {
    for (const Fields& fields :
         {Fields{}, Fields{{"Origin", theirs}}, Fields{{"Origin", "null"}}}) {
        const auto outcome = send({}, "GET", fields);
        CHECK(outcome.reached);
        CHECK(outcome["Access-Control-Allow-Origin"] == "*");
        CHECK(outcome["Access-Control-Allow-Credentials"] == "(none)");
        CHECK(outcome["Access-Control-Allow-Methods"] == "(none)");  // only in preflights
        CHECK(outcome["Vary"] == "(none)");
    }
}

TEST_CASE("an origin in the list is allowed by name, and the reply varies by origin") {
    for (const auto& origin : only_ours.allow_origins) {
        const auto outcome = send(only_ours, "GET", {{"Origin", origin}});
        CHECK(outcome["Access-Control-Allow-Origin"] == origin);
        CHECK(outcome["Vary"] == "Origin");
    }
}

TEST_CASE("an origin that isn't in the list gets a reply without CORS fields") {
    for (const std::string& origin :
         std::vector<std::string>{theirs, ours + ".evil.example", ours + ":8443", ours + "/",
                                  "null", "http://app.example", "https://APP.example", "*",
                                  ours.substr(0, ours.size() - 1), "", ours + ", " + theirs}) {
        CAPTURE(origin);
        const auto outcome = send(only_ours, "GET", {{"Origin", origin}});
        CHECK(outcome.reached);
        CHECK_FALSE(outcome.mentions_cors());
        CHECK(outcome["Vary"] == "Origin");  // because it would differ for another origin
    }
}

TEST_CASE("a reply to a request without Origin varies as well") {
    const auto outcome = send(only_ours, "GET", {});
    CHECK_FALSE(outcome.mentions_cors());
    CHECK(outcome["Vary"] == "Origin");
}

TEST_CASE("a reply's own Vary is kept beside CORS's") {
    const Handler app = wrap({cors(only_ours)}, [](Request&) {
        Response response = Response::text("hello");
        response.headers.add("Vary", "Accept-Encoding");
        return response;
    });
    Request request = make_request("GET", "/", {{"Origin", ours}});
    const Response response = app(request);
    CHECK(*response.headers.find("Vary") == "Accept-Encoding, Origin");
    CHECK(response.headers.count("Vary") == 1);
}

TEST_CASE("an allowed page can read errors as well") {
    for (const int status : {404, 405, 422, 500}) {
        const auto outcome = send(only_ours, "POST", {{"Origin", ours}}, "/api", status);
        CHECK(outcome.response.status == status);
        CHECK(outcome["Access-Control-Allow-Origin"] == ours);
    }
}

TEST_CASE("a preflight is answered with 204 and everything that is allowed, and goes no further") {
    const auto outcome = preflight(only_ours, ours);
    CHECK_FALSE(outcome.reached);
    CHECK(outcome.response.status == 204);
    CHECK(outcome.response.body.empty());
    CHECK(outcome["Access-Control-Allow-Origin"] == ours);
    CHECK(outcome["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE");
    CHECK(outcome["Access-Control-Allow-Headers"] == "Content-Type");
    CHECK(outcome["Access-Control-Max-Age"] == "600");
    CHECK(outcome["Access-Control-Allow-Credentials"] == "(none)");
    CHECK(outcome["Vary"] == "Origin");
}

TEST_CASE("a preflight for an origin that isn't allowed learns nothing") {
    const auto outcome = preflight(only_ours, theirs);
    CHECK_FALSE(outcome.reached);
    CHECK(outcome.response.status == 204);
    CHECK_FALSE(outcome.mentions_cors());
    CHECK(outcome["Vary"] == "Origin");
}

TEST_CASE("OPTIONS without Origin, or without the method to be used, isn't a preflight") {
    CHECK(send(only_ours, "OPTIONS", {}).reached);
    CHECK(send(only_ours, "OPTIONS", {{"Origin", ours}}).reached);
    CHECK(send(only_ours, "OPTIONS", {{"Access-Control-Request-Method", "PUT"}}).reached);
    CHECK(send(only_ours, "GET", {{"Origin", ours}, {"Access-Control-Request-Method", "PUT"}})
              .reached);
    CHECK(send(only_ours, "OPTIONS", {{"Origin", ours}})["Access-Control-Allow-Origin"] == ours);
}

TEST_CASE("each option has its field in the reply") {
    const CorsOptions options{.allow_origins = {ours},
                              .allow_methods = {"GET", "DELETE"},
                              .allow_headers = {"Content-Type", "X-Token"},
                              .expose_headers = {"X-Request-ID", "RateLimit-Limit"},
                              .allow_credentials = true,
                              .max_age = std::chrono::hours(1)};
    const auto asked = preflight(options, ours);
    CHECK(asked["Access-Control-Allow-Methods"] == "GET, DELETE");
    CHECK(asked["Access-Control-Allow-Headers"] == "Content-Type, X-Token");
    CHECK(asked["Access-Control-Max-Age"] == "3600");
    CHECK(asked["Access-Control-Allow-Credentials"] == "true");
    CHECK(asked["Access-Control-Expose-Headers"] == "(none)");  // only in real replies

    const auto outcome = send(options, "GET", {{"Origin", ours}});
    CHECK(outcome["Access-Control-Expose-Headers"] == "X-Request-ID, RateLimit-Limit");
    CHECK(outcome["Access-Control-Allow-Credentials"] == "true");
    CHECK_FALSE(send(options, "GET", {{"Origin", theirs}}).mentions_cors());
}

TEST_CASE("empty lists leave their fields out") {
    const auto asked = preflight({.allow_methods = {}, .allow_headers = {}}, ours);
    CHECK(asked["Access-Control-Allow-Origin"] == "*");
    CHECK(asked["Access-Control-Allow-Methods"] == "(none)");
    CHECK(asked["Access-Control-Allow-Headers"] == "(none)");
    CHECK(send({}, "GET", {})["Access-Control-Expose-Headers"] == "(none)");
    CHECK_FALSE(send({.allow_origins = {}}, "GET", {{"Origin", ours}}).mentions_cors());
}

TEST_CASE("a path prefix covers the path and everything below it, and nothing else") {
    const CorsOptions options{.path_prefix = "/api"};
    for (const char* path : {"/api", "/api/", "/api/messages"}) {
        CHECK(send(options, "GET", {}, path).mentions_cors());
        CHECK_FALSE(preflight(options, ours, path).reached);
    }
    for (const char* path : {"/", "/ap", "/apiary", "/API", "/x/api", ""}) {
        CAPTURE(std::string(path));
        CHECK_FALSE(send(options, "GET", {}, path).mentions_cors());
        CHECK(preflight(options, ours, path).reached);
    }
    CHECK(send({}, "OPTIONS", {}, "*").mentions_cors());  // everything, without a prefix
    const CorsOptions named{.allow_origins = {ours}, .path_prefix = "/api/"};
    CHECK(send(named, "GET", {}, "/api/x")["Vary"] == "Origin");
    CHECK(send(named, "GET", {}, "/api")["Vary"] == "(none)");
}

TEST_CASE("options that browsers would not accept stop the program at its start") {
    const auto refused = [](const CorsOptions& options) {
        CHECK_THROWS_AS(cors(options), std::invalid_argument);
    };
    // Otherwise any page in the world could act as the visitor.
    refused({.allow_credentials = true});
    refused({.allow_origins = {ours, "*"}, .allow_credentials = true});
    // With credentials the star is taken for the name of a method or field.
    refused({.allow_origins = {ours}, .allow_methods = {"*"}, .allow_credentials = true});
    refused({.allow_origins = {ours}, .allow_headers = {"*"}, .allow_credentials = true});
    refused({.allow_origins = {ours}, .expose_headers = {"*"}, .allow_credentials = true});
    cors({.allow_methods = {"*"}, .allow_headers = {"*"}, .expose_headers = {"*"}});
    // A browser never sends these as Origin, so they would never match.
    for (const char* origin : {"",
                               "example.com",
                               "https://",
                               "https://example.com/",
                               "null",
                               "https://example.com/page",
                               "*.example.com",
                               "https://*.example.com",
                               "https://Example.com",
                               "HTTPS://example.com",
                               "http://example.com:80",
                               "https://example.com:443",
                               "https://example.com:",
                               "http://example.com:080",
                               "http://example.com:65536",
                               "http://example.com:x",
                               "https://example.com?x",
                               "https://example.com#x",
                               " https://example.com",
                               "https://example.com ",
                               "https://exa mple.com",
                               "https://user@example.com",
                               "https://user:word@example.com",
                               "https://b\xC3\xBC"
                               "cher.example",
                               "//example.com",
                               "://example.com",
                               "1x://example.com",
                               "https:/example.com",
                               "https:example.com",
                               "https://exam%70le.com",
                               "http://127.1",
                               "http://0127.0.0.1",
                               "http://1.2.3.4.",
                               "http://1.2.3.0x4",
                               "http://example.1",
                               "http://example.0x",
                               "http://[::1",
                               "http://::1",
                               "http://[0:0:0:0:0:0:0:1]",
                               "http://[::ABCD]",
                               "http://[v7.x]",
                               "https://a.example,https://b.example",
                               "https://a.example https://b.example"}) {
        CAPTURE(origin);
        refused({.allow_origins = {origin}});
    }
    cors({.allow_origins = {"http://localhost:3000", "app://x", "http://[::1]:8080",
                            "https://example.com:80", "http://example.com:443",
                            "https://xn--bcher-kva.example", "http://127.0.0.1:3000",
                            "https://a_b.example.", "https://a.0y", "https://a.1x.",
                            "chrome-extension://abcdef"}});
}

TEST_CASE("a page that sends two origins may read nothing") {
    const Handler app = wrap({cors(only_ours)}, [](Request&) { return Response::text("done"); });
    Request request;
    request.method = "GET";
    request.headers.add("Origin", ours);
    request.headers.add("Origin", "https://evil.example");
    CHECK(value_of(app(request), "Access-Control-Allow-Origin") == "(none)");
}
