// The workers: all work that is submitted is done, by as many threads as there are. Each client's
// is done in order, and clients take turns.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
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

using Line = std::shared_ptr<WorkerPool::Line>;

Line new_line() {
    return std::make_shared<WorkerPool::Line>();
}

void submit(WorkerPool& pool, const Line& line, std::function<void()> work) {
    pool.submit({{line, std::move(work)}});
}

}  // namespace

TEST_CASE("work is done by another thread") {
    std::thread::id id;
    WorkerPool pool(1);
    const Line line = new_line();
    submit(pool, line, [&] { id = std::this_thread::get_id(); });
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(id != std::thread::id());
    CHECK(id != std::this_thread::get_id());
}

TEST_CASE("as many pieces of work are done at once as there are threads, and no more") {
    Gate gate;
    WorkerPool pool(3);
    std::vector<Line> lines(5);
    for (Line& line : lines) submit(pool, line = new_line(), [&] { gate.pass(); });
    CHECK(gate.wait_for(3));
    CHECK(gate.waiting() == 3);
    gate.open();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(gate.waiting() == 5);
}

TEST_CASE("the work of one client is done in the order in which it came, one piece at a time") {
    std::string done;
    WorkerPool pool(4);
    const Line line = new_line();
    for (const char letter : std::string("abcdefghij"))
        submit(pool, line, [&, letter] { done += letter; });
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(done == "abcdefghij");
}

TEST_CASE("clients take turns, however much work one of them has") {
    std::string done;
    Gate gate;
    WorkerPool pool(1);
    const Line busy = new_line();
    const Line greedy = new_line();
    const Line modest = new_line();
    submit(pool, busy, [&] { gate.pass(); });
    REQUIRE(gate.wait_for(1));
    for (int i = 0; i < 5; ++i) submit(pool, greedy, [&] { done += 'g'; });
    for (int i = 0; i < 2; ++i) submit(pool, modest, [&] { done += 'm'; });
    gate.open();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(done == "gmgmggg");
}

TEST_CASE("when a client goes, its work that has not begun goes along, and so does what it holds") {
    bool done = false;
    auto body = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = body;
    Gate gate;
    WorkerPool pool(1);
    const Line stays = new_line();
    Line goes = new_line();
    submit(pool, stays, [&] { gate.pass(); });
    REQUIRE(gate.wait_for(1));
    submit(pool, goes, [&done, body = std::move(body)] { done = true; });
    submit(pool, stays, [] {});
    goes.reset();
    CHECK(watched.expired());  // at once, not when its turn comes
    gate.open();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK_FALSE(done);
}

TEST_CASE("work that is being done is finished when its client goes") {
    bool done = false;
    Gate gate;
    WorkerPool pool(1);
    Line line = new_line();
    submit(pool, line, [&] {
        gate.pass();
        done = true;
    });
    REQUIRE(gate.wait_for(1));
    line.reset();
    gate.open();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(done);
}

TEST_CASE("work can be taken back until it has begun") {
    bool done = false;
    Gate gate;
    WorkerPool pool(1);
    const Line first = new_line();
    const Line second = new_line();
    submit(pool, first, [&] { gate.pass(); });
    REQUIRE(gate.wait_for(1));
    submit(pool, second, [&] { done = true; });
    CHECK_FALSE(pool.withdraw(*first));
    CHECK(pool.withdraw(*second));
    CHECK_FALSE(pool.withdraw(*second));
    gate.open();
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK_FALSE(done);
    submit(pool, second, [&] { done = true; });
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(done);
}

TEST_CASE("a pool that is destroyed first does what is still in its queue") {
    std::atomic<int> done = 0;
    Gate gate;
    std::optional<WorkerPool> pool(2);
    std::vector<Line> lines(3);
    for (Line& line : lines) line = new_line();
    for (int i = 0; i < 2; ++i)
        submit(*pool, lines[static_cast<std::size_t>(i)], [&] { gate.pass(); });
    // So many that they can't all be done before the destructor begins.
    for (int i = 0; i < 20'000; ++i) submit(*pool, lines[2], [&] { ++done; });
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
    const Line line = new_line();
    submit(pool, line, [&] { gate.pass(); });
    REQUIRE(gate.wait_for(1));
    CHECK_FALSE(
        pool.wait_until_idle(Clock::now()));  // the queue is empty, but the worker isn't done
    gate.open();
    CHECK(pool.wait_until_idle(in_a_minute()));
}

TEST_CASE("work may be submitted by many threads, and by the workers themselves") {
    std::atomic<int> done = 0;
    WorkerPool pool(4);
    const Line ours = new_line();
    const Line theirs = new_line();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 100; ++j) {
                submit(pool, ours, [&] {
                    ++done;
                    submit(pool, theirs, [&] { ++done; });
                });
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
    const Line line = new_line();
    submit(pool, line, [owned = std::move(owned)] {});
    REQUIRE(pool.wait_until_idle(in_a_minute()));
    CHECK(watched.expired());
}
