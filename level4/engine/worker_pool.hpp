// A few threads for work that has to wait, for a disk say. An event loop serves hundreds of clients
// with one thread, so it must never wait itself. It hands such work over and goes on.
// Leaves out: priorities, and a limit for the queue, which is the business of those that submit
// work. (A client of an event loop has at most one piece of work in it.)
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

class WorkerPool {
  public:
    // Throws std::runtime_error if the system has no more threads to give.
    explicit WorkerPool(std::size_t threads);
    ~WorkerPool();  // waits until everything in the queue is done
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // From any thread. The pieces begin in this order, and several threads may do them at the same
    // time. If one throws, that is printed, and the others are still done. A list, because its
    // pieces are handed over without asking for memory, so that none can be lost halfway.
    void submit(std::list<std::function<void()>> work);

    // Waits until nothing is left to do. False if that isn't so by the deadline.
    bool wait_until_idle(std::chrono::steady_clock::time_point deadline);

  private:
    void run();
    void end();

    std::mutex mutex_;  // guards queue_, busy_ and ending_
    std::list<std::function<void()>> queue_;
    std::size_t busy_ = 0;  // threads that are at work
    bool ending_ = false;
    std::condition_variable changed_;  // there is work, or the end has come
    std::condition_variable idle_;     // nothing is left to do
    std::vector<std::thread> threads_;
};
