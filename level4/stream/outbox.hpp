// What waits to be sent to one client that can be sent something at any time: a WebSocket, or a
// stream of events. Any thread fills it; only the client's engine empties it.
//
//     a handler, a room, a worker                      the client's engine: its thread, or its loop
//
//     send(message) ------> [ message | message ] ------> take(), again and again
//          |                                                 ^  until there is nothing left,
//          '-- only if the engine may be asleep: wake() -----'  and then it may go to sleep
//
// Waking is a system call, and once is enough: an engine that is awake takes everything, so only
// the first message after it has found nothing needs to wake it. Both the finding and the adding
// happen under one lock, so no message can slip in between.
//
// Nothing here ever waits for a client. A client that doesn't read what it is sent fills its outbox
// up to the limit. Then it is dropped, and the others don't notice.
//
//     state       how it is entered              send()      what waits
//     open        at the start                   is taken    is sent
//     ended       send_last()                    is refused  is sent
//     overflowed  send() without room, drop()    is refused  is thrown away; the client is dropped
//     discarded   discard(): the end for good    is refused  is thrown away; no wake any more
//
// Leaves out: knowing whether a message has arrived.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

// A message as it goes over the wire. Shared, because the same one may wait in many outboxes.
using SharedMessage = std::shared_ptr<const std::string>;

inline SharedMessage share(std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
}

class Outbox {
  public:
    static constexpr std::size_t most_messages = 4096;

    // `limit`: bytes that may wait. Each message counts as 64 bytes more than it has. No more than
    // most_messages may wait, however short they are.
    explicit Outbox(std::size_t limit) : limit_(limit) {}
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    // For any thread, at any time, even after the connection is gone. False if the message will
    // never be sent. If there is no room for it, or no memory, the client is dropped.
    bool send(SharedMessage message);

    // Sends a message after which no other is accepted. There is always room for it, because it is
    // the only one of its kind. Does nothing unless the outbox is open.
    void send_last(SharedMessage message);

    // Drops the client, because it can't be sent what it waits for. It may come back.
    void drop();

    // The engine does this work once, as soon as nothing waits and everything has been sent. It is
    // for a caller that has more to send than there is room for. If the client goes first, it is
    // never done.
    void when_empty(std::function<void()> work);

    // The rest is for the protocol that owns the outbox, on its engine's thread.

    // `wake` will be called while the outbox is locked. See protocol.hpp for what it may do.
    void set_wake(std::function<void()> wake);

    // The engine will take() in any case, so it needn't be woken before that finds nothing.
    void keep_awake();

    // Moves whole messages to the end of `output` until that has at least `batch` bytes. If it is
    // empty even then, the next message will wake the engine. True once the last message is taken.
    bool take(std::string& output, std::size_t batch);

    // From now on nothing is sent. When this returns, no wake is under way, and none will follow.
    void discard();

    bool is_open() const;
    bool overflowed() const;

  private:
    enum class State { open, ended, overflowed, discarded };

    bool add(SharedMessage message);
    void wake();
    void overflow();
    void throw_away();

    const std::size_t limit_;   // of size_
    mutable std::mutex mutex_;  // guards everything below
    State state_ = State::open;
    std::vector<SharedMessage> messages_;
    std::size_t size_ = 0;  // what the messages that wait count as, in bytes
    bool awake_ = true;     // the engine is going to take() without being woken
    std::function<void()> wake_, when_empty_;
};
