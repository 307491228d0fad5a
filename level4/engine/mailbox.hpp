// Where other threads leave what they want an event loop to do.
//
//     worker thread -- post(response) --.                    .-- wait() ------- loop: take()
//     chat room ------ post(advance) ---+--> tasks, Waker ---'
//
// Waking a loop is a system call. The first task wakes it, and those that follow before the loop
// has come to take() them need no other call, because it takes all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <utility>

#include "engine/client.hpp"
#include "engine/waker.hpp"

// Work for one client, which is left undone if the client has gone.
struct Task {
    std::uint64_t client;
    std::function<void(Client&)> work;
};

// It outlives the loop, because a chat room may still hold the way to wake a client that has gone.
class Mailbox {
  public:
    int descriptor() const { return waker_.descriptor(); }

    // From any thread. The task comes in a list of its own, so that posting needs no memory: a task
    // that got lost would leave its client without a reply.
    void post(std::list<Task> task) {
        const std::lock_guard lock(mutex_);
        if (tasks_.empty()) waker_.wake();
        tasks_.splice(tasks_.end(), task);
    }

    // By the loop.
    std::list<Task> take() {
        const std::lock_guard lock(mutex_);
        waker_.clear();
        return std::exchange(tasks_, {});
    }

  private:
    Waker waker_;
    std::mutex mutex_;  // guards tasks_
    std::list<Task> tasks_;
};
