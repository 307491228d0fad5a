// The rate limit, with a clock that the tests set.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "middleware/rate_limit.hpp"
#include "value_of.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// A server behind a limit, with a clock of its own.
class Server {
  public:
    explicit Server(const RateLimitOptions& options) : limiter_(with_our_clock(options)) {
        app_ = wrap({rate_limit(limiter_)}, [this](Request&) {
            ++reached;
            return Response::text("done");
        });
    }

    Response send(const std::string& peer = "192.0.2.1", const std::string& method = "POST",
                  const std::string& refusal = "") {
        Request request;
        request.refusal = refusal;
        request.method = method;
        request.peer = peer;
        return app_(request);
    }
    int post(const std::string& peer = "192.0.2.1") { return send(peer).status; }
    void wait(Clock::duration time) { now_ += time; }

    int reached = 0;

  private:
    RateLimitOptions with_our_clock(RateLimitOptions options) {
        options.now = [this] { return now_; };
        return options;
    }

    Clock::time_point now_{std::chrono::hours(1)};
    RateLimiter limiter_;
    Handler app_;
};

RateLimitOptions three_in_ten() {
    return {.rate = {.requests = 3, .window = seconds(10)}};
}

}  // namespace

TEST_CASE("as many requests as the limit allows get through, and the next is 429") {
    Server server(three_in_ten());
    for (int i = 0; i < 3; ++i) CHECK(server.post() == 200);
    const Response refused = server.send();
    CHECK(refused.status == 429);
    CHECK(refused.problem != "");
    CHECK(server.reached == 3);
}

TEST_CASE("each reply says how many requests are left, and when there will be more") {
    Server server(three_in_ten());
    const auto check = [&](int status, const char* remaining, const char* reset,
                           const char* retry) {
        const Response response = server.send();
        CHECK(response.status == status);
        CHECK(value_of(response, "RateLimit-Limit") == "3");
        CHECK(value_of(response, "RateLimit-Remaining") == remaining);
        CHECK(value_of(response, "RateLimit-Reset") == reset);
        CHECK(value_of(response, "Retry-After") == retry);
    };
    check(200, "2", "10", "(none)");
    server.wait(seconds(4));
    check(200, "1", "6", "(none)");
    server.wait(milliseconds(100));
    check(200, "0", "6", "(none)");  // 5.9 s, rounded up
    check(429, "0", "6", "6");
    server.wait(milliseconds(5899));
    check(429, "0", "1", "1");  // a millisecond, rounded up
    server.wait(milliseconds(1));
    check(200, "0", "4", "(none)");
    check(429, "0", "4", "4");
}

TEST_CASE("a client that waits as long as Retry-After says gets through") {
    Server server(three_in_ten());
    server.wait(milliseconds(123));
    for (int i = 0; i < 50; ++i) {
        const Response response = server.send();
        if (response.status == 200) {
            server.wait(milliseconds(377));
            continue;
        }
        server.wait(seconds(std::stoi(value_of(response, "Retry-After"))));
        CHECK(server.post() == 200);
    }
}

TEST_CASE("the window slides, so no ten seconds ever see more than three requests") {
    Server server(three_in_ten());
    std::mt19937 random(7);
    std::deque<milliseconds> passed;
    milliseconds time{0};
    for (int i = 0; i < 5000; ++i) {
        const milliseconds pause(random() % 3000);
        server.wait(pause);
        time += pause;
        while (!passed.empty() && time - passed.front() >= seconds(10)) passed.pop_front();
        // Nor fewer than three, because refused requests don't count.
        const int expected = passed.size() < 3 ? 200 : 429;
        CHECK(server.post() == expected);
        if (expected == 200) passed.push_back(time);
    }
}

TEST_CASE("each address has its own limit") {
    Server server(three_in_ten());
    for (int i = 0; i < 3; ++i) server.post("192.0.2.1");
    CHECK(server.post("192.0.2.1") == 429);
    CHECK(server.post("192.0.2.2") == 200);
    CHECK(server.post("2001:db8::1") == 200);
    CHECK(server.post("192.0.2.1") == 429);
}

TEST_CASE("what a client says about its address doesn't matter") {
    RateLimiter limiter(three_in_ten());
    const Handler app =
        wrap({rate_limit(limiter)}, [](Request&) { return Response::text("done"); });
    int passed = 0;
    for (int i = 0; i < 10; ++i) {
        Request request;
        request.method = "POST";
        request.peer = "192.0.2.1";
        request.headers.add("X-Forwarded-For", "198.51.100." + std::to_string(i));
        if (app(request).status == 200) ++passed;
    }
    CHECK(passed == 3);
}

TEST_CASE("only requests that change something are counted") {
    Server server(three_in_ten());
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
        for (int i = 0; i < 10; ++i) {
            const Response response = server.send("192.0.2.1", method);
            CHECK(response.status == 200);
            CHECK(value_of(response, "RateLimit-Limit") == "(none)");
        }
    }
    for (const char* method : {"PUT", "DELETE", "PATCH"}) {
        CHECK(server.send("192.0.2.1", method).status == 200);
    }
    CHECK(server.send("192.0.2.1", "POST").status == 429);
    CHECK(server.send("192.0.2.1", "GET").status == 200);  // even after the limit is reached
}

TEST_CASE("a request that the server is too busy for is not counted") {
    Server server(three_in_ten());
    for (int i = 0; i < 10; ++i) server.send("192.0.2.1", "POST", "The server is busy.");
    CHECK(server.reached == 10);
    for (int i = 0; i < 3; ++i) CHECK(server.post() == 200);
    CHECK(server.post() == 429);
}

TEST_CASE("an IPv6 network of 64 bits counts as one client, and an IPv4 address by itself") {
    Server server(three_in_ten());
    CHECK(server.post("2001:db8::1") == 200);
    CHECK(server.post("2001:db8:0:0:ffff::2") == 200);
    CHECK(server.post("2001:DB8::1234:5678:9abc:def0") == 200);
    CHECK(server.post("2001:db8::3") == 429);
    CHECK(server.post("2001:db8:0:1::1") == 200);
    for (const char* neighbour : {"fe80::1%eth0", "fe80::2%eth1", "fe80::3"})
        CHECK(server.post(neighbour) == 200);
    CHECK(server.post("fe80::4") == 429);
    for (int i = 1; i < 5; ++i) CHECK(server.post("192.0.2." + std::to_string(i)) == 200);
}

TEST_CASE("a limit of 0 means no limit") {
    Server server({.rate = parse_rate("0")});
    for (int i = 0; i < 100; ++i) {
        const Response response = server.send();
        CHECK(response.status == 200);
        CHECK(value_of(response, "RateLimit-Limit") == "(none)");
    }
}

TEST_CASE("the table doesn't grow, because the address that has been silent longest is forgotten") {
    auto options = three_in_ten();
    options.max_clients = 2;
    Server server(options);
    for (int i = 0; i < 3; ++i) server.post("a");
    for (int i = 0; i < 3; ++i) server.post("b");
    CHECK(server.post("a") == 429);  // so b has been silent longest
    CHECK(server.post("c") == 200);
    CHECK(server.post("a") == 429);
    CHECK(server.post("b") == 200);  // b was forgotten, and now c is
    CHECK(value_of(server.send("c"), "RateLimit-Remaining") == "2");
}

TEST_CASE("a hundred thousand addresses pass through a small table") {
    auto options = three_in_ten();
    options.max_clients = 100;
    Server server(options);
    for (int i = 0; i < 100'000; ++i) server.post(std::to_string(i));
    for (int i = 0; i < 3; ++i) CHECK(server.post("99999") == (i < 2 ? 200 : 429));
    CHECK(value_of(server.send("99900"), "RateLimit-Remaining") == "1");  // the oldest of the 100
    CHECK(value_of(server.send("99899"), "RateLimit-Remaining") == "2");  // forgotten
}

TEST_CASE("a table with room for no client still works") {
    auto options = three_in_ten();
    options.max_clients = 0;
    Server server(options);
    for (int i = 0; i < 3; ++i) CHECK(server.post() == 200);
    CHECK(server.post() == 429);
}

TEST_CASE("the doors of one limiter count together, and two limiters separately") {
    RateLimiter limiter(three_in_ten());
    RateLimiter second(three_in_ten());
    const Middleware limit = rate_limit(limiter);
    const Middleware copy = rate_limit(limiter);
    const Middleware other = rate_limit(second);
    const auto ask = [](const Middleware& middleware) {
        Request request;
        request.method = "POST";
        request.peer = "a";
        return middleware(request, [](Request&) { return Response::text("done"); }).status;
    };
    CHECK(ask(limit) == 200);
    CHECK(ask(copy) == 200);
    CHECK(limiter.count("a").allowed);
    CHECK(ask(copy) == 429);
    CHECK_FALSE(limiter.count("a").allowed);
    CHECK(ask(other) == 200);
}

TEST_CASE("threads that ask at once get exactly as many requests through as the limit allows") {
    RateLimiter limiter({.rate = {.requests = 500, .window = seconds(3600)}, .max_clients = 3});
    const Handler app =
        wrap({rate_limit(limiter)}, [](Request&) { return Response::text("done"); });
    std::atomic<int> passed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 400; ++i) {
                Request request;
                request.method = "POST";
                request.peer = "a";
                if (app(request).status == 200) ++passed;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(passed == 500);
}

TEST_CASE("a rate is written as requests, a slash and seconds") {
    CHECK(parse_rate("20/60").requests == 20);
    CHECK(parse_rate("20/60").window == seconds(60));
    CHECK(parse_rate("1/1").requests == 1);
    CHECK(parse_rate("10000/86400").requests == 10'000);
    CHECK(parse_rate("10000/86400").window == seconds(86'400));
    CHECK(parse_rate("0").requests == 0);
    CHECK(parse_rate("0/60").requests == 0);
    for (const char* bad : {"",
                            "/",
                            "20",
                            "20/",
                            "/60",
                            "20/0",
                            "0/0",
                            "-1/60",
                            "20/-1",
                            "+1/60",
                            "20/60/60",
                            "20 /60",
                            " 20/60",
                            "20/60 ",
                            "20/60s",
                            "1e3/60",
                            "2.5/60",
                            "10001/60",
                            "20/86401",
                            "99999999999999999999/60",
                            "20/99999999999999999999",
                            "twenty/60",
                            "0x10/60"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(parse_rate(bad), std::invalid_argument);
    }
}
