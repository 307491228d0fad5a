// A mutex for which a thread waits until a deadline and no longer. std::timed_mutex is the same, but the
// thread sanitizer of g++ 12 only understands how it waits for a time of day, and that can be set
// back while a thread waits.
#pragma once

#include <condition_variable>
#include <mutex>

#include "../../common/clock.hpp"

// Used like any other mutex, by way of std::unique_lock.
class DeadlineMutex {
  public:
    void lock() {
        std::unique_lock lock(mutex_);
        unlocked_.wait(lock, [this] { return !locked_; });
        locked_ = true;
    }

    // False if the mutex was locked until the deadline. If it is unlocked, the deadline may be over.
    bool try_lock_until(Clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        if (!unlocked_.wait_until(lock, deadline, [this] { return !locked_; })) return false;
        return locked_ = true;
    }

    void unlock() {
        {
            const std::lock_guard lock(mutex_);
            locked_ = false;
        }
        unlocked_.notify_one();
    }

  private:
    std::mutex mutex_;  // guards what follows, and is never held for long
    bool locked_ = false;
    std::condition_variable unlocked_;
};
