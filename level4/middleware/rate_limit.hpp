// A limit to how often a client may do something: no address gets more than N requests through in
// any SECONDS (a sliding window, not one that begins anew each minute and lets 2N pass around it).
// Past that the reply is 429, and says when to try again (RFC 6585 §4).
// Leaves out: X-Forwarded-For, which any client can invent; behind a proxy let the proxy count.
// Whoever owns an IPv6 network has many addresses, and so many times the limit.
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

// "20/60" is 20 requests in 60 seconds, "0" no limit. At most 10,000 requests, and a day.
// Throws std::invalid_argument if the text is neither.
Rate parse_rate(std::string_view text);

struct RateLimitOptions {
    Rate rate = {};
    std::vector<std::string> methods = {"POST", "PUT", "DELETE", "PATCH"};  // the others are free
    std::size_t max_clients = 10'000;  // past that the address longest silent is forgotten
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// Counts for itself: two of them are two limits. Takes some 200 bytes of memory for an address, and
// 8 for each of its requests.
Middleware rate_limit(RateLimitOptions options = {});
