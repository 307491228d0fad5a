// A limit on how often a client may do something: an address gets at most N requests through in any
// period of SECONDS. (The window slides. One that began anew each minute would let 2N through
// around its border.) Past that the reply is 429 and says when to try again (RFC 6585 §4).
// One limiter counts for all doors through which a client can write: HTTP requests (the middleware
// below) and messages in a socket (app/chat.cpp).
// Leaves out: X-Forwarded-For, because any client can invent it; behind a proxy, let the proxy
// count.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "handler.hpp"

struct Rate {
    std::size_t requests = 20;  // 0: no limit
    std::chrono::seconds window{60};
};

// "20/60" is 20 requests in 60 seconds, and "0" is no limit. At most 10,000 requests, and a day.
// Throws std::invalid_argument for any other text.
Rate parse_rate(std::string_view text);

struct RateLimitOptions {
    Rate rate = {};
    std::size_t max_clients = 10'000;  // past that the one silent longest is forgotten
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// For use by many threads at once. Takes some 200 bytes of memory for an address, and 8 for each of
// its requests.
class RateLimiter {
  public:
    explicit RateLimiter(RateLimitOptions options = {});

    struct Verdict {
        bool allowed;
        std::size_t remaining;       // how many more it may send now
        std::chrono::seconds reset;  // until it may send one more
    };
    // May the client at this address do one more thing? If so, it has. An IPv6 address counts for
    // its whole network of 64 bits, because a client has all the addresses in it.
    Verdict count(const std::string& peer);

    std::size_t limit() const { return options_.rate.requests; }  // 0: no limit

  private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        std::string address;
        std::vector<Clock::time_point> times;
    };

    Client& client(const std::string& address);

    const RateLimitOptions options_;
    std::mutex mutex_;           // guards clients_ and index_
    std::list<Client> clients_;  // the one seen last comes first
    std::unordered_map<std::string, std::list<Client>::iterator> index_;
};

// "Try again in 5 seconds."
std::string try_again(std::chrono::seconds time);

// Counts requests with a method that may change something, unless the server is too busy for them
// (Request::refusal). Put it inside the layers that refuse a request for where it comes from, because
// what another site's page sends must not count against the visitor. The limiter must outlive it.
Middleware rate_limit(RateLimiter& limiter);
