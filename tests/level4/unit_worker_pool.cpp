// The workers: all work that is submitted is done, by as many threads as there are, and in order.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/worker_pool.hpp"

namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point in_a_minute() {
    return Clock::now() + std::chrono::minutes(1);
}

// A thread that comes to the gate waits there until it is opened.
class Gate {
  public:
    void pass() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    // True once `count` threads have come to the gate; false if they haven't within a minute.
    bool wait_for(int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_until(lock, in_a_minute(), [&] { return waiting_ >= count; });
    }
    int waiting() {
        const std::lock_guard lock(mutex_);
        return waiting_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

}  // namespace

TEST_CASE("work is done by another thread") {
    std::thread::id id;
    WorkerPool pool(1);
    pool.submit({[&] { id = std::this_thread::get_id(); }});
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(id != std::thread::id());
    CHECK(id != std::this_thread::get_id());
}

TEST_CASE("as many pieces of work are done at once as there are threads, and no more") {
    Gate gate;
    WorkerPool pool(3);
    for (int i = 0; i < 5; ++i) pool.submit({[&] { gate.pass(); }});
    CHECK(gate.wait_for(3));
    CHECK(gate.waiting() == 3);
    gate.open();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(gate.waiting() == 5);
}

TEST_CASE("a single worker does its work in the order in which it came") {
    std::string done;
    WorkerPool pool(1);
    for (const char letter : std::string("abcdefghij"))
        pool.submit({[&, letter] { done += letter; }});
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(done == "abcdefghij");
}

TEST_CASE("a pool that is destroyed first does what is still in its queue") {
    std::atomic<int> done = 0;
    Gate gate;
    std::optional<WorkerPool> pool(2);
    for (int i = 0; i < 2; ++i) pool->submit({[&] { gate.pass(); }});
    // So many that they can't all be done before the destructor begins.
    for (int i = 0; i < 20'000; ++i) pool->submit({[&] { ++done; }});
    REQUIRE(gate.wait_for(2));
    CHECK(done == 0);
    gate.open();
    pool.reset();
    CHECK(done == 20'000);
}

TEST_CASE("a pool is idle when nothing is in its queue and no worker is busy") {
    Gate gate;
    WorkerPool pool(1);
    CHECK(pool.wait_until_idle(Clock::now()));
    pool.submit({[&] { gate.pass(); }});
    REQUIRE(gate.wait_for(1));
    CHECK_FALSE(
        pool.wait_until_idle(Clock::now()));  // the queue is empty, but the worker isn't done
    gate.open();
    CHECK(pool.wait_until_idle(in_a_minute()));
}

TEST_CASE("work may be submitted by many threads, and by the workers themselves") {
    std::atomic<int> done = 0;
    WorkerPool pool(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 100; ++j) {
                pool.submit({[&] {
                    ++done;
                    pool.submit({[&] { ++done; }});
                }});
            }
        });
    }
    for (auto& thread : threads) thread.join();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(done == 800);
}

TEST_CASE("what a piece of work owns is destroyed when it is done") {
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = owned;
    WorkerPool pool(1);
    pool.submit({[owned = std::move(owned)] {}});
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(watched.expired());
}
