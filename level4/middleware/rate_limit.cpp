// See rate_limit.hpp. For each address a list of the times at which it got through, of N at most:
// whoever's list is full has to wait until the oldest is a whole window ago. Exact, and short; an
// estimate from two counters would take less memory, but let bursts past.
#include "middleware/rate_limit.hpp"

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "number.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// What --rate-limit may ask for: each request in a window takes 8 bytes.
constexpr unsigned max_requests = 10'000;
constexpr unsigned max_seconds = 24 * 60 * 60;

// What is to be said to a client: in the fields RateLimit-Limit, -Remaining and -Reset.
struct Verdict {
    bool allowed;
    std::size_t remaining;
    std::chrono::seconds reset;  // until one more is free
};

class Window {
  public:
    Window(const Rate& rate, std::size_t max_clients) : rate_(rate), max_clients_(max_clients) {}

    Verdict count(const std::string& address, Clock::time_point now) {
        const std::lock_guard lock(mutex_);
        auto& times = client(address).times;
        std::erase_if(times, [&](auto time) { return now - time >= rate_.window; });
        // Refused requests are not counted: whoever hammers on gets N through in a window, as all
        // do.
        const bool allowed = times.size() < rate_.requests;
        if (allowed) times.push_back(now);
        // Rounded up, or the client would be back a moment too early.
        // There is a front: a time was just added, or the list is full, and N is at least 1.
        const auto reset =
            std::chrono::ceil<std::chrono::seconds>(times.front() + rate_.window - now);
        return {allowed, rate_.requests - times.size(), reset};
    }

  private:
    struct Client {
        std::string address;
        std::vector<Clock::time_point> times;
    };

    // The client moves to the front. So the back is the one that has been silent longest, and it
    // makes room for a new one: an attacker with many addresses can't make the table grow.
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
    std::mutex mutex_;           // guards the two below
    std::list<Client> clients_;  // the last seen first
    std::unordered_map<std::string, std::list<Client>::iterator> index_;
};

}  // namespace

Rate parse_rate(std::string_view text) {
    if (text == "0") return Rate{.requests = 0};
    const auto slash = std::min(text.find('/'), text.size());
    const auto requests = parse_number<unsigned>(text.substr(0, slash));
    const auto seconds = parse_number<unsigned>(text.substr(std::min(slash + 1, text.size())));
    if (requests.value_or(max_requests + 1) > max_requests || seconds.value_or(0) < 1 ||
        *seconds > max_seconds) {
        throw std::invalid_argument("not a rate such as 20/60 (20 requests in 60 seconds) or 0");
    }
    return Rate{*requests, std::chrono::seconds(*seconds)};
}

Middleware rate_limit(RateLimitOptions options) {
    if (options.rate.requests == 0) {
        return [](Request& request, const Next& next) { return next(request); };
    }
    // Shared, since a std::function may be copied, and all copies have to count together.
    const auto window =
        std::make_shared<Window>(options.rate, std::max<std::size_t>(options.max_clients, 1));
    return [options = std::move(options), window](Request& request, const Next& next) {
        const auto& methods = options.methods;
        if (std::find(methods.begin(), methods.end(), request.method) == methods.end()) {
            return next(request);
        }
        const Verdict verdict = window->count(request.peer, options.now());
        const std::string reset = std::to_string(verdict.reset.count());
        Response response = verdict.allowed
                                ? next(request)
                                : Response::error(429, "Too often. Try again in " + reset + " s.");
        // RFC 6585 §4 and RFC 9110 §10.2.3; the RateLimit fields are a draft that is widely used.
        if (!verdict.allowed) response.headers.set("Retry-After", reset);
        response.headers.set("RateLimit-Limit", std::to_string(options.rate.requests));
        response.headers.set("RateLimit-Remaining", std::to_string(verdict.remaining));
        response.headers.set("RateLimit-Reset", reset);
        return response;
    };
}
