// A limit to how often a client may do something: an address gets at most N requests through in any
// period of SECONDS. (The window slides. One that began anew each minute would let 2N through
// around its border.) Past that the reply is 429 and says when to try again (RFC 6585 §4).
// Leaves out: X-Forwarded-For, because any client can invent it; behind a proxy, let the proxy
// count. A client with an IPv6 network has many addresses, and gets the limit for each.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
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
    std::vector<std::string> methods = {"POST", "PUT", "DELETE", "PATCH"};  // others don't count
    std::size_t max_clients = 10'000;  // past that the one silent longest is forgotten
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// Two of them count separately: they are two limits. Takes some 200 bytes of memory for an address,
// and 8 for each of its requests.
Middleware rate_limit(RateLimitOptions options = {});
