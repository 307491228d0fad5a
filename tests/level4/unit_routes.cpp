// What level 4 adds to the router: middleware of a group, the blocking mark, and WebSockets.
#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "request.hpp"
#include "response.hpp"
#include "router.hpp"

namespace {

Response say_ok(Request&) {
    return Response::text("ok");
}

// Writes its name around the body.
Middleware named(std::string name) {
    return [name = std::move(name)](Request& request, const Next& next) {
        Response response = next(request);
        response.body = name + "(" + response.body + ")";
        return response;
    };
}

Request make_request(const std::string& method, const std::string& path) {
    Request request;
    request.method = method;
    request.path = path;
    request.version = "HTTP/1.1";
    return request;
}

std::string body(const Router& router, const std::string& path) {
    Request request = make_request("GET", path);
    return router.handle(request).body;
}

bool is_blocking(const Router& router, const std::string& method, const std::string& path) {
    return router.is_blocking(make_request(method, path));
}

Request handshake(const std::string& path) {
    Request request = make_request("GET", path);
    request.headers.add("Host", "a");
    request.headers.add("Upgrade", "websocket");
    request.headers.add("Connection", "Upgrade");
    request.headers.add("Sec-WebSocket-Version", "13");
    request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    return request;
}

}  // namespace

TEST_CASE("a group's middleware is around its own routes only, the first one outermost") {
    Router router;
    RouteGroup api = router.group("/api");
    api.use(named("a"));
    api.use(named("b"));
    api.get("/x", say_ok);
    router.get("/x", say_ok);
    CHECK(body(router, "/api/x") == "a(b(ok))");
    CHECK(body(router, "/x") == "ok");
}

TEST_CASE("a middleware is around the routes that are added after it") {
    Router router;
    router.get("/before", say_ok);
    router.use(named("a"));
    router.get("/after", say_ok);
    CHECK(body(router, "/before") == "ok");
    CHECK(body(router, "/after") == "a(ok)");
}

TEST_CASE("a group inside another one is inside its middleware") {
    Router router;
    router.use(named("router"));
    RouteGroup outer = router.group("/outer");
    outer.use(named("outer"));
    RouteGroup inner = outer.group("/inner");
    inner.use(named("inner"));
    inner.get("/x", say_ok);
    outer.get("/x", say_ok);
    CHECK(body(router, "/outer/inner/x") == "router(outer(inner(ok)))");
    CHECK(body(router, "/outer/x") == "router(outer(ok))");
}

TEST_CASE("a route of any method is inside the middleware as well") {
    Router router;
    router.use(named("a"));
    router.get("/get", say_ok);
    router.post("/post", say_ok);
    router.put("/put", say_ok);
    router.patch("/patch", say_ok);
    router.del("/delete", say_ok);
    router.any("/any", say_ok);
    const std::pair<const char*, const char*> routes[] = {
        {"GET", "/get"},     {"POST", "/post"},     {"PUT", "/put"},
        {"PATCH", "/patch"}, {"DELETE", "/delete"}, {"PUT", "/any"}};
    for (const auto& route : routes) {
        Request request = make_request(route.first, route.second);
        CHECK(router.handle(request).body == "a(ok)");
    }
}

TEST_CASE("a middleware that refuses keeps the handler from being called") {
    Router router;
    bool called = false;
    router.use([](Request&, const Next&) { return Response::error(403, "No."); });
    router.post("/x", [&](Request&) {
        called = true;
        return Response::text("ok");
    });
    Request request = make_request("POST", "/x");
    CHECK(router.handle(request).status == 403);
    CHECK_FALSE(called);
}

TEST_CASE("a middleware of a group finds the parameters of the route") {
    Router router;
    RouteGroup users = router.group("/users/{id}");
    users.use(
        [](Request& request, const Next&) { return Response::text(request.params.at("id")); });
    users.get("", say_ok);
    CHECK(body(router, "/users/42") == "42");
}

TEST_CASE("the request of a handler that is marked as blocking has to wait, others don't") {
    Router router;
    router.post("/slow/{id:int}", blocking(say_ok));
    router.post("/quick", say_ok);
    router.del("/slow/{id:int}", say_ok);
    CHECK(is_blocking(router, "POST", "/slow/1"));
    CHECK_FALSE(is_blocking(router, "POST", "/quick"));
    CHECK_FALSE(is_blocking(router, "DELETE", "/slow/1"));
    CHECK_FALSE(is_blocking(router, "POST", "/slow/x"));
    CHECK_FALSE(is_blocking(router, "POST", "/nowhere"));
}

TEST_CASE("it is the best route's handler that counts") {
    Router router;
    router.any("/*path", blocking(say_ok));
    router.post("/quick", say_ok);
    CHECK_FALSE(is_blocking(router, "POST", "/quick"));
    CHECK(is_blocking(router, "POST", "/other"));
    CHECK(is_blocking(router, "PUT", "/quick"));
}

TEST_CASE("what waits for GET waits for HEAD, and a route for any method waits for each") {
    Router router;
    router.get("/get", blocking(say_ok));
    CHECK(is_blocking(router, "GET", "/get"));
    CHECK(is_blocking(router, "HEAD", "/get"));
    CHECK_FALSE(is_blocking(router, "POST", "/get"));
    router.any("/any", blocking(say_ok));
    CHECK(is_blocking(router, "GET", "/any"));
    CHECK(is_blocking(router, "POST", "/any"));
}

TEST_CASE("the mark of a handler stays when a middleware is put around it") {
    Router router;
    RouteGroup outer = router.group("/a");
    outer.use(named("a"));
    RouteGroup inner = outer.group("/b");
    inner.use(named("b"));
    inner.post("/slow", blocking(say_ok));
    inner.post("/quick", say_ok);
    CHECK(is_blocking(router, "POST", "/a/b/slow"));
    CHECK_FALSE(is_blocking(router, "POST", "/a/b/quick"));
    Request request = make_request("POST", "/a/b/slow");
    CHECK(router.handle(request).body == "a(b(ok))");
}

TEST_CASE("a handler that is marked answers as it would without the mark") {
    Router router;
    router.post("/x/{id}", blocking([](Request& r) { return Response::text(r.params.at("id")); }));
    Request request = make_request("POST", "/x/7");
    CHECK(router.handle(request).body == "7");
}

TEST_CASE(
    "a WebSocket's route answers a handshake with 101 and a conversation of its own for each") {
    Router router;
    router.websocket("/ws", {});
    Request first = handshake("/ws");
    Request second = handshake("/ws");
    const Response one = router.handle(first);
    const Response two = router.handle(second);
    CHECK(one.status == 101);
    REQUIRE(one.headers.find("Sec-WebSocket-Accept") != nullptr);
    CHECK(*one.headers.find("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    REQUIRE(one.protocol != nullptr);
    REQUIRE(two.protocol != nullptr);
    CHECK(one.protocol != two.protocol);
}

TEST_CASE("a WebSocket's route refuses whoever does not ask for one, and nothing takes over") {
    Router router;
    router.websocket("/ws", {});
    Request plain = make_request("GET", "/ws");
    const Response refused = router.handle(plain);
    CHECK(refused.status == 426);
    CHECK(refused.protocol == nullptr);
    Request post = handshake("/ws");
    post.method = "POST";
    CHECK(router.handle(post).status == 405);
}

TEST_CASE("middleware runs before the upgrade, and can refuse it") {
    Router router;
    bool opened = false;
    RouteGroup inner = router.group("/inner");
    inner.use([](Request&, const Next&) { return Response::error(401, "Who are you?"); });
    WebSocketHandlers handlers;
    handlers.on_open = [&](const auto&) { opened = true; };
    inner.websocket("/ws", handlers);
    Request request = handshake("/inner/ws");
    const Response response = router.handle(request);
    CHECK(response.status == 401);
    CHECK(response.protocol == nullptr);
    CHECK_FALSE(opened);
}
