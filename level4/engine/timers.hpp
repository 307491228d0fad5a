// When an event loop has to look at a client again, the earliest first.
//
// A client's deadline moves with every request. To move a timer each time would cost more than it
// is worth, so a timer that rings too early looks at the deadline and is set again. A client costs
// one timer every few seconds, however many requests it sends.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "../../common/clock.hpp"

class Timers {
  public:
    void add(Clock::time_point time, std::uint64_t client) { queue_.emplace(time, client); }

    // When the next one rings: never, if there is none.
    Clock::time_point next() const {
        return queue_.empty() ? Clock::time_point::max() : queue_.top().first;
    }

    // The client of the next one, which is removed. Call it only if there is one.
    std::uint64_t take() {
        const std::uint64_t client = queue_.top().second;
        queue_.pop();
        return client;
    }

  private:
    using Timer = std::pair<Clock::time_point, std::uint64_t>;
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> queue_;
};
