// See timing.hpp.
#include "middleware/timing.hpp"

#include <chrono>
#include <cstdint>
#include <ratio>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;  // unlike the time of day it is never set back

// In milliseconds with one decimal. Finer times would mostly help attackers.
std::string milliseconds(Clock::duration time) {
    using Tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
    const auto tenths = std::chrono::round<Tenths>(time).count();
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

Response timing(Request& request, const Next& next) {
    const auto start = Clock::now();
    Response response = next(request);
    // Added and not set, because the field is a list, and a handler may have its own measurements.
    response.headers.add("Server-Timing", "app;dur=" + milliseconds(Clock::now() - start));
    return response;
}
