// What level 4 adds to the router: a group's middleware, routes that run in a worker, and
// WebSockets.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "request.hpp"
#include "response.hpp"
#include "router.hpp"
#include "static_files.hpp"
#include "temporary_folder.hpp"
#include "websocket/route.hpp"

namespace {

Response say_ok(Request&) {
    return Response::text("ok");
}

Response show_id(Request& request) {
    return Response::text(request.params.at("id"));
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

bool needs_worker(const Router& router, const std::string& method, const std::string& path) {
    Request request = make_request(method, path);
    return router.needs_worker(request);
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
    users.use([](Request& request, const Next&) { return show_id(request); });
    users.get("", say_ok);
    CHECK(body(router, "/users/42") == "42");
}

TEST_CASE("a route added by way of in_worker_if() needs a worker for some requests") {
    Router router;
    const auto is_slow = [](const Request& request) { return request.params.at("name") == "slow"; };
    router.in_worker_if(is_slow).get("/{name}", say_ok);
    CHECK(needs_worker(router, "GET", "/slow"));
    CHECK_FALSE(needs_worker(router, "GET", "/quick"));
}

TEST_CASE("a file is in memory for a while after it was served, and others are on the disk") {
    const TemporaryFolder folder;
    folder.write("sub/index.html", "index");
    std::filesystem::last_write_time(
        folder.root / "sub/index.html",
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    StaticFiles files(folder.root);
    CHECK_FALSE(files.is_in_memory("sub/"));
    Request request;
    request.method = "GET";
    request.path = "/sub/";
    CHECK(files.serve_file(request, "sub/").status == 200);
    CHECK(files.is_in_memory("sub/"));
    CHECK(files.is_in_memory("sub/index.html"));
    CHECK_FALSE(files.is_in_memory("nowhere"));
    CHECK(files.is_in_memory("../nowhere"));  // refused without a look
}

TEST_CASE("a route added by way of in_worker() needs a worker, and others don't") {
    Router router;
    router.in_worker().post("/slow/{id:int}", say_ok);
    router.post("/quick", say_ok);
    router.del("/slow/{id:int}", say_ok);
    CHECK(needs_worker(router, "POST", "/slow/1"));
    CHECK_FALSE(needs_worker(router, "POST", "/quick"));
    CHECK_FALSE(needs_worker(router, "DELETE", "/slow/1"));
    CHECK_FALSE(needs_worker(router, "POST", "/slow/x"));
    CHECK_FALSE(needs_worker(router, "POST", "/nowhere"));
}

TEST_CASE("whether a worker is needed depends on the best route only") {
    Router router;
    router.in_worker().any("/*path", say_ok);
    router.post("/quick", say_ok);
    CHECK_FALSE(needs_worker(router, "POST", "/quick"));
    CHECK(needs_worker(router, "POST", "/other"));
    CHECK(needs_worker(router, "PUT", "/quick"));
}

TEST_CASE("a worker's route for GET needs it for HEAD as well, and one for any method for each") {
    Router router;
    RouteGroup waits = router.in_worker();
    waits.get("/get", say_ok);
    CHECK(needs_worker(router, "GET", "/get"));
    CHECK(needs_worker(router, "HEAD", "/get"));
    CHECK_FALSE(needs_worker(router, "POST", "/get"));
    waits.any("/any", say_ok);
    CHECK(needs_worker(router, "GET", "/any"));
    CHECK(needs_worker(router, "POST", "/any"));
}

TEST_CASE("a worker's group has the prefix and the middleware of the group that it is made of") {
    Router router;
    RouteGroup outer = router.group("/a");
    outer.use(named("a"));
    RouteGroup waits = outer.in_worker();
    RouteGroup inner = waits.group("/b");
    inner.use(named("b"));
    inner.post("/slow", say_ok);
    outer.group("/b").post("/quick", say_ok);
    CHECK(needs_worker(router, "POST", "/a/b/slow"));
    CHECK_FALSE(needs_worker(router, "POST", "/a/b/quick"));
    Request request = make_request("POST", "/a/b/slow");
    CHECK(router.handle(request).body == "a(b(ok))");
}

TEST_CASE("the route that needs_worker() found answers, with its parameters") {
    Router router;
    router.in_worker().post("/x/{id}", show_id);
    router.post("/{id}/y", [](Request& r) { return Response::text("other " + r.params.at("id")); });
    for (const auto& [path, reply] : {std::pair{"/x/7", "7"}, {"/7/y", "other 7"}}) {
        Request request = make_request("POST", path);
        router.needs_worker(request);
        CHECK(router.handle(request).body == reply);
        CHECK(request.params.size() == 1);
    }
}

TEST_CASE("a path without a route is 404 or 405 after needs_worker() as well") {
    Router router;
    router.in_worker().post("/x", say_ok);
    for (const auto& [path, status] : {std::pair{"/x", 405}, {"/y", 404}}) {
        Request request = make_request("GET", path);
        CHECK_FALSE(router.needs_worker(request));
        CHECK(router.handle(request).status == status);
    }
}

TEST_CASE("a middleware that changes the path and resets the route reaches the new path's route") {
    Router router;
    router.get("/old/{old}", say_ok);
    router.get("/new/{id}", show_id);
    const Middleware rewrite = [](Request& request, const Next& next) {
        request.path = "/new/8";
        request.route = nullptr;
        return next(request);
    };
    const Handler app = wrap({rewrite}, [&](Request& request) { return router.handle(request); });
    for (const bool asked : {false, true}) {
        Request request = make_request("GET", "/old/7");
        if (asked) router.needs_worker(request);
        CHECK(app(request).body == "8");
        CHECK(request.params.size() == 1);  // none of the old route's
    }
}

TEST_CASE("a handler may ask another router, which looks for a route of its own") {
    Router inner;
    inner.get("/a/{id}", show_id);
    Router outer;
    outer.get("/*path", [&](Request& request) { return inner.handle(request); });
    Request request = make_request("GET", "/a/7");
    outer.needs_worker(request);
    CHECK(outer.handle(request).body == "7");
}

TEST_CASE("a WebSocket's route answers each handshake with 101 and a conversation of its own") {
    Router router;
    router.get("/ws", websocket({}));
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

TEST_CASE("a WebSocket's route refuses a request for anything else, and nothing takes over") {
    Router router;
    router.get("/ws", websocket({}));
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
    inner.get("/ws", websocket(handlers));
    Request request = handshake("/inner/ws");
    const Response response = router.handle(request);
    CHECK(response.status == 401);
    CHECK(response.protocol == nullptr);
    CHECK_FALSE(opened);
}
