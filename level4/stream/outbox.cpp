// See outbox.hpp.
#include "stream/outbox.hpp"

#include <new>

namespace {

// What a message counts as while it waits: its bytes, and about as much as its place in the queue
// and in memory takes. Without that a million empty messages would be free.
std::size_t cost(const std::string& message) {
    return message.size() + 64;
}

}  // namespace

bool Outbox::send(SharedMessage message) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return false;
    const bool fits = size_ + cost(*message) <= limit_ && messages_.size() < most_messages;
    if (fits && add(std::move(message))) return true;
    overflow();
    return false;
}

void Outbox::drop() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::open) overflow();
}

void Outbox::overflow() {
    state_ = State::overflowed;
    throw_away();
    awake_ = false;  // it may be waiting for the client to read
    wake();
}

void Outbox::send_last(SharedMessage message) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    if (!add(std::move(message))) return overflow();
    state_ = State::ended;
}

// False if there is no memory for it. Then the outbox counts as full.
bool Outbox::add(SharedMessage message) try {
    const std::size_t added = cost(*message);
    messages_.push_back(std::move(message));
    size_ += added;
    wake();
    return true;
} catch (const std::bad_alloc&) {
    return false;
}

// Called while mutex_ is locked, and so is wake_: that is how discard() can promise that no wake is
// under way. If there isn't enough memory to wake the engine, the next message wakes it, or it comes
// by itself at the client's deadline.
void Outbox::wake() try {
    if (!awake_ && wake_) wake_();
    awake_ = true;
} catch (const std::bad_alloc&) {
}

void Outbox::throw_away() {
    messages_ = {};
    size_ = 0;
}

void Outbox::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

// An engine that is asleep has sent everything, so it finds nothing when it is woken.
void Outbox::when_empty(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    when_empty_ = std::move(work);
    wake();
}

void Outbox::keep_awake() {
    const std::lock_guard lock(mutex_);
    awake_ = true;
}

bool Outbox::take(std::string& output, std::size_t batch) {
    std::function<void()> work;  // done without the lock
    std::unique_lock lock(mutex_);
    auto message = messages_.begin();
    for (; message != messages_.end() && output.size() < batch; ++message) {
        output += **message;
        size_ -= cost(**message);
    }
    messages_.erase(messages_.begin(), message);
    // A client that has caught up gives back the memory that its long queue needed.
    if (messages_.empty() && messages_.capacity() > 64) messages_.shrink_to_fit();
    if (output.empty()) {
        awake_ = false;
        work = std::exchange(when_empty_, nullptr);
    }
    const bool ended = state_ == State::ended && messages_.empty();
    lock.unlock();
    if (work) work();
    return ended;
}

void Outbox::discard() {
    const std::lock_guard lock(mutex_);
    state_ = State::discarded;
    throw_away();
    wake_ = nullptr;  // what it knows of the engine may soon be gone
    when_empty_ = nullptr;
}

bool Outbox::is_open() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::open;
}

bool Outbox::overflowed() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::overflowed;
}
