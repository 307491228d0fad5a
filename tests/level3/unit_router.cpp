// router.hpp on paths: which route answers, and with what parameters.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limits.hpp"
#include "request.hpp"
#include "router.hpp"

namespace {

// A handler that replies with its name and the parameters that it got.
Handler named(const std::string& name) {
    return [name](const Request& request) {
        std::string text = name;
        for (const auto& [key, value] : request.params) text += " " + key + "=" + value;
        return Response::text(text);
    };
}

Response ask(const Router& router, const std::string& method, const std::string& path) {
    Request request;
    request.method = method;
    request.path = path;
    return router.handle(request);
}

std::string body(const Router& router, const std::string& path) {
    return ask(router, "GET", path).body;
}

}  // namespace

TEST_CASE("an exact pattern answers its path and no other") {
    Router router;
    router.get("/", named("home"));
    router.get("/a/b", named("ab"));
    CHECK(body(router, "/") == "home");
    CHECK(body(router, "/a/b") == "ab");
    for (const char* path : {"/a", "/a/b/", "/a/b/c", "//a/b", "/A/b", ""}) {
        CAPTURE(std::string(path));
        CHECK(ask(router, "GET", path).status == 404);
    }
}

TEST_CASE("a parameter is any one segment, but not an empty one") {
    Router router;
    router.get("/users/{id}/posts/{post}", named("post"));
    CHECK(body(router, "/users/a b/posts/7") == "post id=a b post=7");
    CHECK(ask(router, "GET", "/users//posts/7").status == 404);
    CHECK(ask(router, "GET", "/users/1/2/posts/7").status == 404);
}

TEST_CASE("an int parameter is digits, for a number that fits into 64 bits") {
    Router router;
    router.get("/users/{id:int}", named("user"));
    CHECK(body(router, "/users/42") == "user id=42");
    CHECK(body(router, "/users/9223372036854775807") == "user id=9223372036854775807");
    CHECK(body(router, "/users/007") == "user id=007");
    for (const char* text : {"abc", "4x", "-1", "+1", "1.5", " 1", "-0", "9223372036854775808",
                             "99999999999999999999999999"}) {
        CAPTURE(std::string(text));
        CHECK(ask(router, "GET", std::string("/users/") + text).status == 404);
    }
}

TEST_CASE("a wildcard takes all that is left, or nothing") {
    Router router;
    router.get("/files/*path", named("files"));
    CHECK(body(router, "/files/a/b.txt") == "files path=a/b.txt");
    CHECK(body(router, "/files/") == "files path=");
    CHECK(ask(router, "GET", "/files").status == 404);
}

TEST_CASE(
    "exact goes before parameter, parameter before wildcard, in whatever order they were added") {
    std::vector<std::string> patterns{"/a/*rest", "/a/{x}", "/a/b", "/{y}/b"};
    std::sort(patterns.begin(), patterns.end());
    do {
        Router router;
        for (const auto& pattern : patterns) router.get(pattern, named(pattern));
        CHECK(body(router, "/a/b") == "/a/b");
        CHECK(body(router, "/a/c") == "/a/{x} x=c");
        CHECK(body(router, "/a/c/d") == "/a/*rest rest=c/d");
        CHECK(body(router, "/z/b") == "/{y}/b y=z");
    } while (std::next_permutation(patterns.begin(), patterns.end()));
}

TEST_CASE("a better route without the method does not hide a worse one that has it") {
    Router router;
    router.get("/a/b", named("exact"));
    router.post("/a/{x}", named("parameter"));
    CHECK(ask(router, "POST", "/a/b").body == "parameter x=b");
}

TEST_CASE("an exact segment that leads to no route falls back to a parameter") {
    Router router;
    router.get("/users/new/form", named("form"));
    router.get("/users/{id}/posts", named("posts"));
    CHECK(body(router, "/users/new/form") == "form");
    CHECK(body(router, "/users/new/posts") == "posts id=new");
    CHECK(ask(router, "GET", "/users/new").status == 404);
    CHECK(ask(router, "GET", "/users/new/other").status == 404);
}

TEST_CASE(
    "a parameter that leads to no route falls back to a wildcard, and leaves nothing behind") {
    Router router;
    router.get("/{a}/{b}/end", named("parameters"));
    router.get("/x/{c}/last", named("deep"));
    router.get("/*rest", named("wildcard"));
    CHECK(body(router, "/1/2/end") == "parameters a=1 b=2");
    CHECK(body(router, "/x/2/end") == "parameters a=x b=2");
    CHECK(body(router, "/x/2/other") == "wildcard rest=x/2/other");
    CHECK(body(router, "/1//end") == "wildcard rest=1//end");
}

TEST_CASE("an int parameter that isn't a number falls back to the next best route") {
    Router router;
    router.get("/{id:int}", named("number"));
    router.any("/{name}", named("name"));
    router.get("/*path", named("wildcard"));
    router.put("/{word}/x", named("put"));
    CHECK(body(router, "/42") == "number id=42");
    CHECK(body(router, "/Ada") == "name name=Ada");
    CHECK(body(router, "/42/x") == "wildcard path=42/x");
    CHECK(ask(router, "PUT", "/42/x").body == "put word=42");
}

TEST_CASE("each route at a path has names for the parameters, and a type, of its own") {
    Router router;
    router.get("/users/{id:int}", named("get"));
    router.put("/users/{name}", named("put"));
    CHECK(body(router, "/users/7") == "get id=7");
    CHECK(ask(router, "PUT", "/users/7").body == "put name=7");
    CHECK(ask(router, "PUT", "/users/Ada").body == "put name=Ada");
    CHECK(*ask(router, "GET", "/users/Ada").headers.find("Allow") == "PUT, OPTIONS");
}

TEST_CASE("a request that is routed again keeps no parameter of the first time") {
    Router router;
    router.get("/a/{first}", named("first"));
    router.get("/b/{second}", named("second"));
    Request request;
    request.method = "GET";
    request.path = "/a/1";
    router.handle(request);
    request.path = "/b/2";
    CHECK(router.handle(request).body == "second second=2");
    request.path = "/c";
    router.handle(request);
    CHECK(request.params.empty());
}

TEST_CASE("a slash separates segments even if the client has percent-encoded it") {
    Router router;
    router.get("/users/{id}", named("user"));
    router.get("/files/*path", named("file"));
    const auto status = [&](const std::string& target) {
        const Limits limits;
        RequestParser parser(limits);
        parser.feed("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        auto request = parser.next();
        REQUIRE(request != nullptr);
        return router.handle(*request).status;
    };
    CHECK(status("/users/a%20b") == 200);
    CHECK(status("/users/a%2Fb") == 404);
    CHECK(status("/files/a%2Fb") == 200);
}

TEST_CASE("a group puts its prefix before its patterns, and groups nest") {
    Router router;
    router.group("/api").group("/v1").get("/users/{id:int}", named("user"));
    CHECK(body(router, "/api/v1/users/7") == "user id=7");
}

TEST_CASE("each method has its own routes") {
    Router router;
    router.get("/x", named("get"));
    router.post("/x", named("post"));
    router.put("/x", named("put"));
    router.patch("/x", named("patch"));
    router.del("/x", named("delete"));
    CHECK(ask(router, "GET", "/x").body == "get");
    CHECK(ask(router, "POST", "/x").body == "post");
    CHECK(ask(router, "PUT", "/x").body == "put");
    CHECK(ask(router, "PATCH", "/x").body == "patch");
    CHECK(ask(router, "DELETE", "/x").body == "delete");
}

TEST_CASE("any() answers every method that has no route of its own") {
    Router router;
    router.any("/x", named("any"));
    router.post("/x", named("post"));
    CHECK(ask(router, "DELETE", "/x").body == "any");
    CHECK(ask(router, "POST", "/x").body == "post");
}

TEST_CASE("HEAD is answered by the route for GET") {
    Router router;
    router.get("/x", named("get"));
    CHECK(ask(router, "HEAD", "/x").body == "get");
}

TEST_CASE("a path that exists for other methods is 405 with Allow") {
    Router router;
    router.get("/x", named("get"));
    router.put("/{id}", named("put"));
    const auto response = ask(router, "POST", "/x");
    CHECK(response.status == 405);
    REQUIRE(response.headers.find("Allow") != nullptr);
    CHECK(*response.headers.find("Allow") == "GET, HEAD, PUT, OPTIONS");
}

TEST_CASE("Allow lists the methods of every route that matches the path, whatever its rank") {
    Router router;
    router.get("/a/b", named("exact"));
    router.post("/a/{x}", named("parameter"));
    router.put("/a/{x:int}", named("number"));
    router.patch("/a/*rest", named("wildcard"));
    router.del("/{y}/b", named("parameter first"));
    CHECK(*ask(router, "OPTIONS", "/a/b").headers.find("Allow") ==
          "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
    CHECK(*ask(router, "GET", "/a/7").headers.find("Allow") == "POST, PUT, PATCH, OPTIONS");
    CHECK(*ask(router, "GET", "/a/7/8").headers.find("Allow") == "PATCH, OPTIONS");
    CHECK(*ask(router, "GET", "/z/b").headers.find("Allow") == "DELETE, OPTIONS");
}

TEST_CASE("OPTIONS lists the methods of a path, and of the server") {
    Router router;
    router.get("/x", named("get"));
    router.post("/y", named("post"));
    CHECK(ask(router, "OPTIONS", "/x").status == 204);
    CHECK(*ask(router, "OPTIONS", "/x").headers.find("Allow") == "GET, HEAD, OPTIONS");
    CHECK(*ask(router, "OPTIONS", "*").headers.find("Allow") == "GET, HEAD, POST, OPTIONS");
    CHECK(ask(router, "OPTIONS", "/z").status == 404);
}

TEST_CASE("OPTIONS is answered by a route for any method where there is one") {
    Router router;
    router.any("/x", named("any"));
    router.get("/x", named("get"));
    CHECK(ask(router, "OPTIONS", "/x").body == "any");
    CHECK(*ask(router, "OPTIONS", "*").headers.find("Allow") ==
          "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

TEST_CASE("one of a thousand routes is found as fast as one of ten") {
    const auto fastest = [](int routes) {
        Router router;
        for (int i = 0; i < routes; ++i) {
            router.get("/section" + std::to_string(i) + "/{id}/page", named("page"));
        }
        Request request;
        request.method = "GET";
        request.path = "/section" + std::to_string(routes - 1) + "/7/page";
        auto best = std::chrono::steady_clock::duration::max();
        for (int round = 0; round < 20; ++round) {
            const auto start = std::chrono::steady_clock::now();
            for (int i = 0; i < 200; ++i) router.handle(request);
            best = std::min(best, std::chrono::steady_clock::now() - start);
        }
        CHECK(router.handle(request).body == "page id=7");
        return best;
    };
    CHECK(fastest(1000) < 3 * fastest(10));
}

TEST_CASE("two patterns that match the same path equally well are refused, by name") {
    const std::pair<const char*, const char*> pairs[] = {{"/a", "/a"},
                                                         {"/a/{x}", "/a/{y}"},
                                                         {"/a/{x}", "/a/{y:int}"},
                                                         {"/a/*x", "/a/*y"},
                                                         {"/{x}/b", "/{y}/b"}};
    for (const auto& pair : pairs) {
        const std::string first = pair.first;
        const std::string second = pair.second;
        CAPTURE(first);
        CAPTURE(second);
        Router router;
        router.get(first, named("first"));
        std::string message;
        try {
            router.get(second, named("second"));
        } catch (const std::invalid_argument& error) {
            message = error.what();
        }
        CHECK(message.find(first) != std::string::npos);
        CHECK(message.find(second) != std::string::npos);
        CHECK_NOTHROW(router.post(second, named("another method")));
        CHECK_NOTHROW(router.any(second, named("any method")));
        CHECK_THROWS_AS(router.any(first, named("any method again")), std::invalid_argument);
    }
}

TEST_CASE("patterns that differ in an exact segment, or in the kind of one, don't conflict") {
    Router router;
    for (const char* pattern : {"/", "/a", "/a/", "/{x}", "/*x", "/a/{x}", "/{x}/a", "/a/*x"}) {
        CAPTURE(std::string(pattern));
        CHECK_NOTHROW(router.get(pattern, named(pattern)));
    }
    CHECK(body(router, "/a/") == "/a/");
    CHECK(body(router, "/a/b/c") == "/a/*x x=b/c");
}

TEST_CASE("a malformed pattern is refused") {
    for (const char* pattern :
         {"", "a", "/{}", "/{:int}", "/*", "/*a/b", "/{a", "/a}", "/a{b}", "/a*", "/{a:float}"}) {
        CAPTURE(std::string(pattern));
        Router router;
        CHECK_THROWS_AS(router.get(pattern, named("x")), std::invalid_argument);
    }
}
