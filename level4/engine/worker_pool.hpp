// A few threads for work that has to wait: for a disk, say. An event loop serves hundreds of
// clients with one thread, so it must never wait itself; it hands such work over and goes on.
// Leaves out: priorities, and a limit for the queue: whoever submits has to see to that. (An
// event loop's client has one piece of work in it at most.)
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

class WorkerPool {
  public:
    explicit WorkerPool(std::size_t threads);
    ~WorkerPool();  // does what is in the queue, and waits for it
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // From any thread. The pieces may be done at the same time, by several threads, and begin in
    // this order. If one throws, standard error is told, and the others are done all the same.
    void submit(std::vector<std::function<void()>> work);

    // Waits until nothing is left to do; false if that takes longer.
    bool wait_until_idle(std::chrono::steady_clock::time_point deadline);

  private:
    void run();

    std::mutex mutex_;  // guards the three below
    std::queue<std::function<void()>> queue_;
    std::size_t busy_ = 0;
    bool ending_ = false;
    std::condition_variable changed_;
    std::condition_variable idle_;
    std::vector<std::thread> threads_;
};
