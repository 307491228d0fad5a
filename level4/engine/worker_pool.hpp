// A few threads for work that has to wait, for a disk say. An event loop serves hundreds of clients
// with one thread, so it must never wait itself. It hands such work over and goes on.
//
//     line of client 1:  [ work | work ]
//     line of client 2:  [ work ]            tickets: 2, 3, 1 --> a thread does one piece, and
//     line of client 3:  [ work | work ]     the ticket goes to the end if there is more
//
// Each client has a line of its own, and the lines take turns. So a client with much work delays
// another by one piece, and a line that is destroyed takes along what was not begun.
// Leaves out: priorities, and a limit for a line, which is the business of those that submit work.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class WorkerPool {
  public:
    class Line;
    struct Piece {
        std::shared_ptr<Line> line;
        std::function<void()> work;
    };

    // One client's work. The pool doesn't own it: when its last owner has gone, what waits in it is
    // no longer done.
    class Line {
        friend class WorkerPool;
        std::list<Piece> waiting_;
        // The line's ticket is a list node that only moves from list to list, so no memory has to
        // be found for it. It is
        //     here            as long as nothing waits
        //     in tickets_     once something waits
        //     with a thread   while that does one piece, so that no other thread does the next
        std::list<std::weak_ptr<Line>> ticket_{1};
    };

    // Throws std::runtime_error if the system has no more threads to give.
    explicit WorkerPool(std::size_t threads);
    ~WorkerPool();  // waits until everything in the lines is done
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // From any thread. The pieces of one line are done one at a time, in this order. If one throws,
    // that is printed, and the others are still done. A list, because its pieces are handed over
    // without asking for memory, so that none can be lost halfway.
    void submit(std::list<Piece> pieces);

    // Takes back what waits in the line. False if nothing did, because a thread has begun it.
    bool withdraw(Line& line);

    // Waits until nothing is left to do. False if that isn't so by the deadline.
    bool wait_until_idle(std::chrono::steady_clock::time_point deadline);

  private:
    void run();
    void do_one(std::unique_lock<std::mutex>& lock);
    void end();

    std::mutex mutex_;                        // guards tickets_, busy_, ending_ and all lines
    std::list<std::weak_ptr<Line>> tickets_;  // the line whose turn it is comes first
    std::size_t busy_ = 0;                    // threads that are at work
    bool ending_ = false;
    std::condition_variable changed_;  // there is work, or the end has come
    std::condition_variable idle_;     // nothing is left to do
    std::vector<std::thread> threads_;
};
