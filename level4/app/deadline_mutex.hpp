// A mutex that a thread can wait for until a deadline. std::timed_mutex can do the same, but the
// thread sanitizer of g++ 12 only understands a deadline that is a time of day, and the time of day
// may be set back while a thread waits.
// Leaves out: an order among the threads that wait.
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

    // False if the mutex was locked until the deadline. One that is unlocked is taken even later.
    bool try_lock_until(Clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        if (!unlocked_.wait_until(lock, deadline, [this] { return !locked_; })) return false;
        locked_ = true;
        return true;
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
