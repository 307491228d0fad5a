// See worker_pool.hpp. There is one queue and one lock, which is not held while a piece of work
// runs.
#include "engine/worker_pool.hpp"

#include <algorithm>
#include <exception>

#include "../../common/output.hpp"
#include "engine/start_thread.hpp"

WorkerPool::WorkerPool(std::size_t threads) {
    try {
        while (threads_.size() < threads) threads_.push_back(start_thread([this] { run(); }));
    } catch (...) {
        end();  // no thread may outlive the pool
        throw;
    }
}

WorkerPool::~WorkerPool() {
    end();
}

void WorkerPool::end() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void WorkerPool::submit(std::list<std::function<void()>> work) {
    const std::size_t pieces = std::min(work.size(), threads_.size());
    {
        const std::lock_guard lock(mutex_);
        queue_.splice(queue_.end(), work);
    }
    for (std::size_t i = 0; i < pieces; ++i) changed_.notify_one();
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
        std::list<std::function<void()>> taken;
        taken.splice(taken.end(), queue_, queue_.begin());
        ++busy_;
        lock.unlock();
        try {
            taken.front()();
        } catch (const std::exception& error) {  // out of memory, most likely
            print_error("Work was not done", error.what());
        }
        taken.clear();  // before this thread counts as idle
        lock.lock();
        --busy_;
        if (queue_.empty() && busy_ == 0) idle_.notify_all();
    }
}
