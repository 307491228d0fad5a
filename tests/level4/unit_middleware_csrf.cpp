// Cross-site request forgery: which posts are accepted.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "middleware/csrf.hpp"

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The status of a reply from www.example.com:9000.
int status_of(const std::string& method, const Fields& fields, const CsrfOptions& options = {},
              const std::string& path = "/") {
    Request request;
    request.method = method;
    request.path = path;
    request.headers.add("Host", "www.example.com:9000");
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    bool reached = false;
    const Handler app = wrap({csrf(options)}, [&](Request&) {
        reached = true;
        return Response::text("done");
    });
    const Response response = app(request);
    CHECK(reached == (response.status == 200));
    CHECK(response.problem.empty() == (response.status == 200));
    return response.status;
}

}  // namespace

TEST_CASE("methods that change nothing pass, wherever they come from") {
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
        CHECK(status_of(method, {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "null"}}) == 200);
    }
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "get", "PURGE"}) {
        CAPTURE(std::string(method));
        CHECK(status_of(method, {{"Sec-Fetch-Site", "cross-site"}}) == 403);
    }
}

TEST_CASE("with Sec-Fetch-Site, a request of our own pages or of the user passes") {
    CHECK(status_of("POST", {{"Sec-Fetch-Site", "same-origin"}}) == 200);
    CHECK(status_of("POST", {{"Sec-Fetch-Site", "none"}}) == 200);
    for (const char* site : {"cross-site", "same-site", "Same-Origin", "nonsense", "none, none"}) {
        CAPTURE(std::string(site));
        CHECK(status_of("POST", {{"Sec-Fetch-Site", site}}) == 403);
    }
}

TEST_CASE("if both are sent, Sec-Fetch-Site counts and Origin doesn't") {
    // A proxy may have changed Host, so it is the browser that knows whether the two were the same.
    CHECK(status_of("POST", {{"Sec-Fetch-Site", "same-origin"},
                             {"Origin", "https://public.example"}}) == 200);
    CHECK(status_of("POST", {{"Sec-Fetch-Site", "cross-site"},
                             {"Origin", "http://www.example.com:9000"}}) == 403);
}

TEST_CASE("without Sec-Fetch-Site the host of Origin must be the Host") {
    for (const char* origin : {"http://www.example.com:9000", "https://www.example.com:9000",
                               "http://WWW.EXAMPLE.com:9000"}) {
        CAPTURE(std::string(origin));
        CHECK(status_of("POST", {{"Origin", origin}}) == 200);
    }
    for (const char* origin :
         {"http://www.example.com", "http://www.example.com:9001", "http://example.com:9000",
          "http://www.example.com:90", "http://www.example.com:90000", "https://evil.example",
          "http://evil.example/www.example.com:9000", "http://www.example.com:9000.evil.example",
          "www.example.com:9000", "http://", "nonsense",
          "http://evil.example://www.example.com:9000"}) {
        CAPTURE(std::string(origin));
        CHECK(status_of("POST", {{"Origin", origin}}) == 403);
    }
}

TEST_CASE("a proxy may write the scheme's own port into Host") {
    const auto status = [](const std::string& host, const std::string& origin) {
        Request request;
        request.method = "POST";
        request.headers.add("Host", host);
        request.headers.add("Origin", origin);
        return wrap({csrf()}, [](Request&) { return Response::text("done"); })(request).status;
    };
    CHECK(status("example.com:80", "http://example.com") == 200);
    CHECK(status("Example.com:443", "https://example.com") == 200);
    CHECK(status("example.com:443", "http://example.com") == 403);
    CHECK(status("example.com:80", "https://example.com") == 403);
    CHECK(status("example.com:8080", "http://example.com") == 403);
    CHECK(status("evil.example:80", "http://example.com") == 403);
    CHECK(status("example.com:80", "ftp://example.com") == 403);
}

TEST_CASE("the origin null is refused, even without a Host") {
    CHECK(status_of("POST", {{"Origin", "null"}}) == 403);
    Request request;
    request.method = "POST";
    request.headers.add("Origin", "null");
    const Handler app = wrap({csrf()}, [](Request&) { return Response::text("done"); });
    CHECK(app(request).status == 403);
    request.headers.set("Origin", "http://");
    CHECK(app(request).status == 403);
}

TEST_CASE("a request with neither field isn't from a browser, and passes") {
    CHECK(status_of("POST", {}) == 200);
    CHECK(status_of("DELETE", {{"Sec-Fetch-Mode", "cors"}}) == 200);
    CHECK(status_of("POST", {{"Origin", ""}}) == 200);
    CHECK(status_of("POST", {{"Sec-Fetch-Site", ""}}) == 200);
}

TEST_CASE("two of a field that guards us are refused, whatever they say") {
    const CsrfOptions options{.trusted_origins = {"http://www.example.com:9000"}};
    for (const Fields& fields :
         {Fields{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "same-origin"}},
          Fields{{"Sec-Fetch-Site", "none"}, {"sec-fetch-site", ""}},
          Fields{{"Sec-Fetch-Site", ""}, {"Sec-Fetch-Site", "cross-site"}},
          Fields{{"Origin", "http://www.example.com:9000"}, {"Origin", "https://evil.example"}},
          Fields{{"Origin", "http://www.example.com:9000"},
                 {"Origin", "http://www.example.com:9000"}},
          Fields{{"Origin", ""}, {"Origin", ""}},
          Fields{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "a"}, {"Origin", "b"}}}) {
        CHECK(status_of("POST", fields) == 403);
        CHECK(status_of("POST", fields, options) == 403);
        CHECK(status_of("GET", fields) == 200);
    }
}

TEST_CASE("trusted origins pass, by their exact name") {
    const CsrfOptions options{.trusted_origins = {"https://app.example"}};
    CHECK(status_of("POST", {{"Origin", "https://app.example"}}, options) == 200);
    CHECK(status_of("POST", {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://app.example"}},
                    options) == 200);
    CHECK(status_of("POST", {{"Origin", "http://app.example"}}, options) == 403);
    CHECK(status_of("POST", {{"Origin", "https://app.example.evil.example"}}, options) == 403);
    CHECK(status_of("POST", {{"Sec-Fetch-Site", "cross-site"}}, options) == 403);
    CHECK(status_of("POST", {{"Origin", "null"}}, options) == 403);
}

TEST_CASE("an origin is trusted only for the paths below the prefix") {
    const CsrfOptions options{.trusted_origins = {"https://app.example"},
                              .trusted_prefix = "/api/"};
    const Fields foreign{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://app.example"}};
    CHECK(status_of("POST", foreign, options, "/api/messages") == 200);
    for (const char* path : {"/admin/messages/1/delete", "/contact", "/api", "/apixyz", "/"}) {
        CAPTURE(std::string(path));
        CHECK(status_of("POST", foreign, options, path) == 403);
    }
}
