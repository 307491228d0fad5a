// A room: every client in it gets each message that is sent to it, and all get them in the same
// order. For use by many threads at once.
// Leaves out: a memory of what was sent before a client joined, and names.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>

#include "stream/outbox.hpp"

class Room {
  public:
    // Joining a second time changes nothing.
    void join(std::shared_ptr<Outbox> client);
    void leave(const std::shared_ptr<Outbox>& client);

    // Puts the message into the outbox of every client. It is made once, however many there are.
    // Never waits for a client; one that can't be sent anything any more is forgotten.
    void broadcast(const SharedMessage& message);

    std::size_t size() const;

  private:
    mutable std::mutex mutex_;  // guards clients_
    std::set<std::shared_ptr<Outbox>> clients_;
};
