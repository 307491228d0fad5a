// The memory that the bodies of all clients share, while they are received, wait for a worker, or
// are with one. A limit for each client isn't enough, because ten thousand clients may come.
// Memory is given out in steps, as bytes arrive: a Content-Length is only a promise.
// Leaves out: waking a body that waits for memory. It asks again (connection.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "../../common/clock.hpp"

class BodyShare;

class BodyBudget {
  public:
    static constexpr std::uint64_t step = 64 * 1024;  // bytes

    explicit BodyBudget(std::uint64_t bytes)
        : steps_left_(static_cast<std::int64_t>(bytes / step)) {}

    // What a server needs if a body may have `bytes` bytes: room for two, and at least 64 MiB.
    static std::uint64_t for_bodies_of(std::uint64_t bytes) {
        return std::max<std::uint64_t>(64 << 20, bytes < UINT64_MAX / 2 ? 2 * bytes : UINT64_MAX);
    }

    // Gives freed memory back to the kernel, ten times a second at most. Call it when a body was
    // refused: on its own, glibc keeps what bodies have left, in holes between those that go on, and
    // 900 threads had 170 MiB for bodies of 64 MiB.
    void give_back();

  private:
    friend class BodyShare;

    std::mutex mutex_;  // guards what follows
    Clock::time_point gave_back_;
    std::int64_t steps_left_;           // below 0 while the guest has more than there is
    const BodyShare* guest_ = nullptr;  // the one that gets memory when there is none left
};

// What one body takes of the budget, which must outlive it. What was taken is given back at the
// end.
class BodyShare {
  public:
    explicit BodyShare(BodyBudget& budget) : budget_(budget) {}
    BodyShare(const BodyShare&) = delete;
    BodyShare& operator=(const BodyShare&) = delete;
    ~BodyShare() {
        const std::lock_guard lock(budget_.mutex_);
        budget_.steps_left_ += steps_;
        if (budget_.guest_ == this) budget_.guest_ = nullptr;
    }

    std::uint64_t bytes() const { return static_cast<std::uint64_t>(steps_) * BodyBudget::step; }

    // Grows the share to `bytes` bytes. False if there is no room. One share may always grow, or
    // half-complete bodies would all wait for each other.
    bool cover(std::uint64_t bytes) {
        const auto wanted =
            static_cast<std::int64_t>((bytes + BodyBudget::step - 1) / BodyBudget::step);
        if (wanted <= steps_) return true;
        const std::lock_guard lock(budget_.mutex_);
        const std::int64_t missing = wanted - steps_;
        if (missing > budget_.steps_left_) {
            if (budget_.guest_ == nullptr) budget_.guest_ = this;
            if (budget_.guest_ != this) return false;
        }
        budget_.steps_left_ -= missing;
        steps_ = wanted;
        return true;
    }

  private:
    BodyBudget& budget_;
    std::int64_t steps_ = 0;
};
