// The onion, and its two thinnest layers: an ID and a time for each request.
#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "handler.hpp"
#include "middleware/request_id.hpp"
#include "middleware/timing.hpp"
#include "middleware/vary.hpp"
#include "value_of.hpp"

namespace {

Response say_ok(Request&) {
    return Response::text("ok");
}

// Logs its name on the way in and on the way out.
Middleware named(std::string name, std::string& log) {
    return [name = std::move(name), &log](Request& request, const Next& next) {
        log += "<" + name;
        Response response = next(request);
        log += name + ">";
        return response;
    };
}

}  // namespace

TEST_CASE("the first middleware of a chain is the outermost") {
    std::string log;
    const Handler app = wrap({named("a", log), named("b", log), named("c", log)}, [&](Request& r) {
        log += "!";
        return say_ok(r);
    });
    Request request;
    CHECK(app(request).body == "ok");
    CHECK(log == "<a<b<c!c>b>a>");
    app(request);  // the first request hasn't used it up
    CHECK(log == "<a<b<c!c>b>a><a<b<c!c>b>a>");
}

TEST_CASE("without middleware there is just the handler") {
    Request request;
    CHECK(wrap({}, say_ok)(request).body == "ok");
}

TEST_CASE("a middleware that doesn't call next keeps the rest from seeing the request") {
    std::string log;
    const Middleware refuse = [](Request&, const Next&) { return Response::error(403, "No."); };
    Request request;
    CHECK(wrap({named("a", log), refuse, named("b", log)}, say_ok)(request).status == 403);
    CHECK(log == "<aa>");
}

TEST_CASE("a middleware may change the request and the reply") {
    const Middleware change = [](Request& request, const Next& next) {
        request.path += "/changed";
        Response response = next(request);
        response.status = 201;
        return response;
    };
    const Handler app = wrap({change}, [](Request& r) { return Response::text(r.path); });
    Request request;
    request.path = "/x";
    const Response response = app(request);
    CHECK(response.status == 201);
    CHECK(response.body == "/x/changed");
}

TEST_CASE("a handler's exception passes out through the layers") {
    std::string log;
    const Handler app =
        wrap({named("a", log)}, [](Request&) -> Response { throw HttpError(400, "bad"); });
    Request request;
    CHECK_THROWS_AS(app(request), HttpError);
}

TEST_CASE("Vary stays one field, and names each request field once") {
    Headers headers;
    vary_on(headers, "Origin");
    CHECK(value_of(headers, "Vary") == "Origin");
    vary_on(headers, "Accept-Encoding");
    vary_on(headers, "origin");
    CHECK(value_of(headers, "Vary") == "Origin, Accept-Encoding");
    CHECK(headers.count("Vary") == 1);

    Headers several;
    several.add("Vary", "Cookie");
    several.add("Vary", "Accept, Accept-Language");
    vary_on(several, "Accept");
    CHECK(several.count("Vary") == 2);  // nothing was missing, so nothing changed
    vary_on(several, "Origin");
    CHECK(several.count("Vary") == 1);
    CHECK(value_of(several, "Vary") == "Cookie, Accept, Accept-Language, Origin");

    Headers star;
    star.add("Vary", "*");
    vary_on(star, "Origin");
    CHECK(value_of(star, "Vary") == "*");
}

TEST_CASE("every request gets an ID of its own, and handler and client see the same one") {
    std::set<std::string> ids;
    std::string seen;
    const Handler app = wrap({request_id}, [&](Request& request) {
        seen = value_of(request.headers, "X-Request-ID");
        return say_ok(request);
    });
    for (int i = 0; i < 1000; ++i) {
        Request request;
        const Response response = app(request);
        CHECK(value_of(response, "X-Request-ID") == seen);
        CHECK(seen.size() == 22);
        ids.insert(seen);
    }
    CHECK(ids.size() == 1000);
}

TEST_CASE("an ID that the client sends is kept if it is harmless") {
    const auto id_for = [](const std::vector<std::string>& given) {
        Request request;
        for (const auto& id : given) request.headers.add("x-request-id", id);
        const Response response = wrap({request_id}, say_ok)(request);
        CHECK(request.headers.count("X-Request-ID") == 1);
        CHECK(response.headers.count("X-Request-ID") == 1);
        CHECK(value_of(request.headers, "X-Request-ID") == value_of(response, "X-Request-ID"));
        return value_of(response, "X-Request-ID");
    };
    for (const std::string& good : std::vector<std::string>{
             "a", "7f3c-AZ.az_09", "123e4567-e89b-12d3-a456-426614174000", std::string(64, 'x')}) {
        CHECK(id_for({good}) == good);
    }
    for (const std::string& bad :
         std::vector<std::string>{"", std::string(65, 'x'), "a b", "a,b", "a\tb", "<b>", "a\"b",
                                  "a%0a", "\xC3\xA4", "a;b", "a/b", "a=b"}) {
        CAPTURE(bad);
        CHECK(id_for({bad}).size() == 22);
        CHECK(id_for({bad}) != bad);
    }
    CHECK(id_for({"one", "two"}).size() == 22);  // which of them would it be?
}

TEST_CASE("a handler's own request ID in the reply is replaced, not doubled") {
    const Handler app = wrap({request_id}, [](Request& request) {
        Response response = say_ok(request);
        response.headers.add("X-Request-ID", "mine");
        return response;
    });
    Request request;
    request.headers.add("X-Request-ID", "theirs");
    const Response response = app(request);
    CHECK(response.headers.count("X-Request-ID") == 1);
    CHECK(value_of(response, "X-Request-ID") == "theirs");
}

TEST_CASE("Server-Timing says in milliseconds how long the reply took") {
    const Handler slow = [](Request& request) {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        return say_ok(request);
    };
    const auto duration = [](const Handler& handler) {
        const std::string start = "app;dur=";
        Request request;
        const auto before = std::chrono::steady_clock::now();
        const Response response = wrap({timing}, handler)(request);
        const std::chrono::duration<double, std::milli> in_all =
            std::chrono::steady_clock::now() - before;
        const std::string value = value_of(response, "Server-Timing");
        REQUIRE(value.starts_with(start));
        CHECK(value.find('.') == value.size() - 2);  // one decimal
        const double stated = std::stod(value.substr(start.size()));
        CHECK(stated <= in_all.count() + 0.05);  // it is rounded
        return stated;
    };
    CHECK(duration(slow) >= 30);
    duration(say_ok);
}

TEST_CASE("a handler's own timings are kept") {
    const Handler app = wrap({timing}, [](Request& request) {
        Response response = say_ok(request);
        response.headers.add("Server-Timing", "disk;dur=1");
        return response;
    });
    Request request;
    const Response response = app(request);
    CHECK(response.headers.count("Server-Timing") == 2);
    CHECK(value_of(response, "Server-Timing") == "disk;dur=1");
}
