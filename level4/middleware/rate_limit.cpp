// See rate_limit.hpp. For each address there is a list of the times at which it got through, at
// most N of them. A client whose list is full has to wait until the oldest is a whole window ago.
// That is exact and short. An estimate from two counters would take less memory, but let bursts
// through.
#include "middleware/rate_limit.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "number.hpp"
#include "text.hpp"

namespace {

// The most that --rate-limit may ask for, because each request in a window takes 8 bytes.
constexpr unsigned max_requests = 10'000;
constexpr unsigned max_seconds = 24 * 60 * 60;

// What a client is known by: its IPv4 address, or the first 64 bits of its IPv6 address.
std::string network_of(const std::string& peer) {
    in6_addr address;
    const std::string text =
        peer.substr(0, peer.find('%'));  // without a network card: fe80::1%eth0
    if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return peer;
    return std::string(reinterpret_cast<const char*>(address.s6_addr), 8);
}

// RFC 6585 §4 and RFC 9110 §10.2.3.
Response too_many_requests(std::chrono::seconds time) {
    auto response = Response::error(429, "Too many requests. " + try_again(time));
    response.headers.set("Retry-After", std::to_string(time.count()));
    return response;
}

}  // namespace

Rate parse_rate(std::string_view text) {
    if (text == "0") return Rate{.requests = 0};
    const auto requests = parse_number<unsigned>(take_until(text, "/"));
    const auto seconds = parse_number<unsigned>(text);
    if (requests.value_or(max_requests + 1) > max_requests || seconds.value_or(0) < 1 ||
        *seconds > max_seconds) {
        throw std::invalid_argument(
            "this isn't a rate such as 20/60 (20 requests in 60 seconds), or 0");
    }
    return Rate{*requests, std::chrono::seconds(*seconds)};
}

RateLimiter::RateLimiter(RateLimitOptions options) : options_(std::move(options)) {}

RateLimiter::Verdict RateLimiter::count(const std::string& peer) {
    const Rate& rate = options_.rate;
    if (rate.requests == 0) return {true, 0, {}};
    const auto now = options_.now();
    const std::lock_guard lock(mutex_);
    auto& times = client(network_of(peer)).times;
    std::erase_if(times, [&](auto time) { return now - time >= rate.window; });
    // Refused requests don't count, so even a client that keeps trying gets its N per window.
    const bool allowed = times.size() < rate.requests;
    if (allowed) times.push_back(now);
    // Rounded up, or the client would be back a moment too early. The list isn't empty: either
    // a time was just added, or it is full, and N is at least 1.
    const auto reset = std::chrono::ceil<std::chrono::seconds>(times.front() + rate.window - now);
    return {allowed, rate.requests - times.size(), reset};
}

// Moves the client to the front, so that the one at the back has been silent the longest. That one
// makes room for a new client, so an attacker with many addresses can't make the table grow.
RateLimiter::Client& RateLimiter::client(const std::string& address) {
    const auto known = index_.find(address);
    if (known != index_.end()) {
        clients_.splice(clients_.begin(), clients_, known->second);
        return clients_.front();
    }
    if (clients_.size() >= std::max<std::size_t>(options_.max_clients, 1)) {
        index_.erase(clients_.back().address);
        clients_.pop_back();
    }
    clients_.push_front({address, {}});
    index_.emplace(address, clients_.begin());
    return clients_.front();
}

std::string try_again(std::chrono::seconds time) {
    const std::string seconds = std::to_string(time.count());
    return "Try again in " + seconds + (seconds == "1" ? " second." : " seconds.");
}

Middleware rate_limit(RateLimiter& limiter) {
    return [&limiter](Request& request, const Next& next) {
        // A request may be refused before it is counted, because no worker is free, or afterwards,
        // because there is no memory for its reply. That one must not count twice.
        const bool counts = !request.head_only && request.refusal.empty() && !request.is_safe();
        if (!counts || limiter.limit() == 0) return next(request);
        const auto verdict = limiter.count(request.peer);
        Response response = verdict.allowed ? next(request) : too_many_requests(verdict.reset);
        // These fields are a draft that is widely used.
        response.headers.set("RateLimit-Limit", std::to_string(limiter.limit()));
        response.headers.set("RateLimit-Remaining", std::to_string(verdict.remaining));
        response.headers.set("RateLimit-Reset", std::to_string(verdict.reset.count()));
        return response;
    };
}
