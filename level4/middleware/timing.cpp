// See timing.hpp.
#include "middleware/timing.hpp"

#include <chrono>
#include <cstdint>
#include <ratio>
#include <stdexcept>
#include <utility>

#include "text.hpp"

namespace {

using Clock = std::chrono::steady_clock;  // never set back, as the time of day may be

// In milliseconds with one decimal. Finer times would be of use to attackers above all.
std::string milliseconds(Clock::duration time) {
    using Tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
    const auto tenths = std::chrono::round<Tenths>(time).count();
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

Middleware timing(TimingOptions options) {
    if (!is_token(options.metric)) throw std::invalid_argument("timing: the metric is no token");
    return [metric = std::move(options.metric)](Request& request, const Next& next) {
        const auto start = Clock::now();
        Response response = next(request);
        // Added, not set: the field is a list, and the handler's own measurements stay.
        response.headers.add("Server-Timing",
                             metric + ";dur=" + milliseconds(Clock::now() - start));
        return response;
    };
}
