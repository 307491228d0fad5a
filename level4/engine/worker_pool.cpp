// See worker_pool.hpp. There is one queue and one lock, which is not held while a piece of work
// runs.
#include "engine/worker_pool.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "../../common/output.hpp"

WorkerPool::WorkerPool(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void WorkerPool::submit(std::vector<std::function<void()>> work) {
    {
        const std::lock_guard lock(mutex_);
        for (auto& piece : work) queue_.push(std::move(piece));
    }
    for (std::size_t i = 0; i < std::min(work.size(), threads_.size()); ++i) changed_.notify_one();
}

bool WorkerPool::wait_until_idle(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    // An empty queue isn't enough, because the last piece of work may still be running.
    return idle_.wait_until(lock, deadline, [this] { return queue_.empty() && busy_ == 0; });
}

void WorkerPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
        if (queue_.empty()) return;  // only now, so that what was submitted before the end is done
        const auto work = std::move(queue_.front());
        queue_.pop();
        ++busy_;
        lock.unlock();
        try {
            work();
        } catch (const std::exception& error) {  // out of memory, most likely
            print_error(std::string("Work was not done: ") + error.what());
        }
        lock.lock();
        --busy_;
        if (queue_.empty() && busy_ == 0) idle_.notify_all();
    }
}
