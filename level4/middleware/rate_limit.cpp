// See rate_limit.hpp. For each address there is a list of the times at which it got through, at
// most N of them. A client whose list is full has to wait until the oldest is a whole window ago.
// That is exact and short. An estimate from two counters would take less memory, but let bursts
// through.
#include "middleware/rate_limit.hpp"

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "number.hpp"
#include "text.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// The most that --rate-limit may ask for, because each request in a window takes 8 bytes.
constexpr unsigned max_requests = 10'000;
constexpr unsigned max_seconds = 24 * 60 * 60;

// What the client is told in the fields RateLimit-Remaining and -Reset.
struct Verdict {
    bool allowed;
    std::size_t remaining;
    std::chrono::seconds reset;  // until it may send one more
};

class Window {
  public:
    Window(const Rate& rate, std::size_t max_clients) : rate_(rate), max_clients_(max_clients) {}

    Verdict count(const std::string& address, Clock::time_point now) {
        const std::lock_guard lock(mutex_);
        auto& times = client(address).times;
        std::erase_if(times, [&](auto time) { return now - time >= rate_.window; });
        // Refused requests don't count, so even a client that keeps trying gets its N per window.
        const bool allowed = times.size() < rate_.requests;
        if (allowed) times.push_back(now);
        // Rounded up, or the client would be back a moment too early. The list isn't empty: either
        // a time was just added, or it is full, and N is at least 1.
        const auto reset =
            std::chrono::ceil<std::chrono::seconds>(times.front() + rate_.window - now);
        return {allowed, rate_.requests - times.size(), reset};
    }

  private:
    struct Client {
        std::string address;
        std::vector<Clock::time_point> times;
    };

    // Moves the client to the front, so that the one at the back has been silent the longest. That
    // one makes room for a new client, so an attacker with many addresses can't make the table
    // grow.
    Client& client(const std::string& address) {
        const auto known = index_.find(address);
        if (known != index_.end()) {
            clients_.splice(clients_.begin(), clients_, known->second);
            return clients_.front();
        }
        if (clients_.size() >= max_clients_) {
            index_.erase(clients_.back().address);
            clients_.pop_back();
        }
        clients_.push_front({address, {}});
        index_.emplace(address, clients_.begin());
        return clients_.front();
    }

    const Rate rate_;
    const std::size_t max_clients_;
    std::mutex mutex_;           // guards clients_ and index_
    std::list<Client> clients_;  // the one seen last comes first
    std::unordered_map<std::string, std::list<Client>::iterator> index_;
};

// `seconds`: until the client may try again (Retry-After, RFC 6585 §4 and RFC 9110 §10.2.3).
Response too_many_requests(const std::string& seconds) {
    auto response = Response::error(429, "Too many requests. Try again in " + seconds +
                                             (seconds == "1" ? " second." : " seconds."));
    response.headers.set("Retry-After", seconds);
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

Middleware rate_limit(RateLimitOptions options) {
    if (options.rate.requests == 0) {
        return [](Request& request, const Next& next) { return next(request); };
    }
    // Shared, because a std::function may be copied, and all copies have to count together.
    const auto window =
        std::make_shared<Window>(options.rate, std::max<std::size_t>(options.max_clients, 1));
    return [options = std::move(options), window](Request& request, const Next& next) {
        const auto& methods = options.methods;
        if (std::find(methods.begin(), methods.end(), request.method) == methods.end()) {
            return next(request);
        }
        const Verdict verdict = window->count(request.peer, options.now());
        const std::string reset = std::to_string(verdict.reset.count());
        Response response = verdict.allowed ? next(request) : too_many_requests(reset);
        // These fields are a draft that is widely used.
        response.headers.set("RateLimit-Limit", std::to_string(options.rate.requests));
        response.headers.set("RateLimit-Remaining", std::to_string(verdict.remaining));
        response.headers.set("RateLimit-Reset", reset);
        return response;
    };
}
