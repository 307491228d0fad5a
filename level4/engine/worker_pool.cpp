// See worker_pool.hpp. There is one lock, which is not held while a piece of work runs.
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

void WorkerPool::submit(std::list<Piece> pieces) {
    const std::size_t wanted = std::min(pieces.size(), threads_.size());
    {
        const std::lock_guard lock(mutex_);
        while (!pieces.empty()) {
            // Taken out of the piece, or the line would own itself.
            const auto line = std::move(pieces.front().line);
            line->waiting_.splice(line->waiting_.end(), pieces, pieces.begin());
            if (line->ticket_.empty()) continue;  // it has its turn, or will have it
            line->ticket_.front() = line;
            tickets_.splice(tickets_.end(), line->ticket_);
        }
    }
    for (std::size_t i = 0; i < wanted; ++i) changed_.notify_one();
}

bool WorkerPool::withdraw(Line& line) {
    std::list<Piece> withdrawn;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    withdrawn.swap(line.waiting_);
    return !withdrawn.empty();
}

bool WorkerPool::wait_until_idle(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    // That no line waits isn't enough, because the last piece of work may still be running.
    return idle_.wait_until(lock, deadline, [this] { return tickets_.empty() && busy_ == 0; });
}

void WorkerPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !tickets_.empty(); });
        if (tickets_.empty()) return;  // not before what was submitted is done
        do_one(lock);
        if (tickets_.empty() && busy_ == 0) idle_.notify_all();
    }
}

// One piece of the line whose turn it is. The line itself may go while the piece is done.
void WorkerPool::do_one(std::unique_lock<std::mutex>& lock) {
    std::list<std::weak_ptr<Line>> ticket;
    ticket.splice(ticket.end(), tickets_, tickets_.begin());
    std::list<Piece> taken;  // one, or none if it was withdrawn
    if (const auto line = ticket.front().lock(); line && !line->waiting_.empty()) {
        taken.splice(taken.end(), line->waiting_, line->waiting_.begin());
    }
    ++busy_;
    lock.unlock();
    try {
        for (const Piece& piece : taken) piece.work();
    } catch (const std::exception& error) {  // out of memory, most likely
        print_error("Work was not done", error.what());
    }
    taken.clear();  // before this thread counts as idle
    lock.lock();
    --busy_;
    const auto line = ticket.front().lock();
    if (!line) return;
    auto& place = line->waiting_.empty() ? line->ticket_ : tickets_;
    place.splice(place.end(), ticket);
}
