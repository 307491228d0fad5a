// A client that asks before it sends a body (Expect: 100-continue) is told what the head alone
// decides. Each layer is asked once with the head, and once more with the whole request.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "handler.hpp"
#include "middleware/allowed_hosts.hpp"
#include "middleware/basic_auth.hpp"
#include "middleware/csrf.hpp"
#include "middleware/rate_limit.hpp"
#include "middleware/request_id.hpp"
#include "middleware/timing.hpp"
#include "router.hpp"
#include "talk.hpp"

namespace {

std::string post(const std::string& path, const std::string& fields = "") {
    return "POST " + path +
           " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + fields +
           "\r\n";
}

// A router with the layers, and a count of the calls of its handlers.
struct Site {
    explicit Site(std::vector<Middleware> layers = {}) {
        const auto count = [this](const Request& request) {
            ++calls;
            return Response::text(request.body);
        };
        router.post("/open", count);
        router.get("/page", count);
        RouteGroup admin = router.group("/admin");
        admin.use(basic_auth({"Admin", "ada", "secret"}));
        admin.post("/delete", count);
        router.add({.method = "POST", .pattern = "/added", .handler = count});
        handler =
            wrap(std::move(layers), [this](Request& request) { return router.handle(request); });
    }

    int calls = 0;
    Router router;
    Handler handler;
};

std::string answer_to(Site& site, const std::string& head) {
    Talk talk(site.handler);
    return talk.say(head).substr(9, 3);
}

}  // namespace

TEST_CASE(
    "a head that nothing objects to gets 100, and its handler is called once, with the body") {
    Site site;
    for (const char* path : {"/open", "/added"}) {
        CAPTURE(std::string(path));
        site.calls = 0;
        Talk talk(site.handler);
        CHECK(talk.say(post(path)) == "HTTP/1.1 100 Continue\r\n\r\n");
        CHECK(site.calls == 0);
        CHECK(talk.say("hi").ends_with("\r\n\r\nhi"));
        CHECK(site.calls == 1);
    }
}

TEST_CASE("what the head alone decides is the final reply, and the body is not waited for") {
    Site site({allowed_hosts({"a"}), csrf()});
    CHECK(answer_to(site, post("/open")) == "100");
    CHECK(answer_to(site, post("/nowhere")) == "404");
    CHECK(answer_to(site, post("/page")) == "405");
    CHECK(answer_to(site, post("/admin/delete")) == "401");
    CHECK(answer_to(site, post("/admin/delete", "Authorization: Basic YWRhOnNlY3JldA==\r\n")) ==
          "100");
    CHECK(answer_to(site, post("/open", "Sec-Fetch-Site: cross-site\r\n")) == "403");
    Site strange({allowed_hosts({})});
    CHECK(answer_to(strange, post("/open")) == "421");
    CHECK(site.calls + strange.calls == 0);
}

TEST_CASE("after a final reply to the head the connection is closed") {
    Site site;
    Talk talk(site.handler);
    const auto reply = talk.say(post("/nowhere"));
    CHECK(reply.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(talk.connection.finished());
    CHECK(talk.say("hi" + post("/open")).empty());
}

TEST_CASE(
    "middleware that counts lets a head pass, and middleware that adds to replies adds to its refusal") {
    RateLimiter limiter({.rate = {.requests = 1}});
    Site site({rate_limit(limiter), request_id, timing});
    Talk talk(site.handler);
    for (int i = 0; i < 2; ++i) CHECK(answer_to(site, post("/open")) == "100");
    CHECK(talk.say(post("/open")) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(talk.say("hi").starts_with("HTTP/1.1 200 "));  // the only one that is counted
    CHECK(talk.say(post("/open")) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(talk.say("hi").starts_with("HTTP/1.1 429 "));
    Request head;
    head.method = "POST";
    head.path = "/nowhere";
    head.head_only = true;
    const auto response = site.handler(head);
    CHECK(response.status == 404);
    CHECK(response.headers.find("X-Request-ID") != nullptr);
    CHECK(response.headers.find("Server-Timing") != nullptr);
}
