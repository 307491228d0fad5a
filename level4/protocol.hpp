// What may take a connection over after a response's head: a WebSocket after its 101, or a stream
// of events that has no end. It is driven like a Connection, and it may have something to say by
// itself: then another thread calls `wake`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "../common/socket.hpp"

class Protocol {
  public:
    virtual ~Protocol() = default;

    // Called once, when the head is on its way. `wake` tells the engine to call take_output(); it
    // may be called from any thread until the protocol is destroyed.
    virtual void open(std::function<void()> wake) = 0;

    virtual void receive(std::string_view bytes) = 0;
    virtual void end_of_input() = 0;
    virtual std::string take_output() = 0;
    virtual bool finished() const = 0;
    virtual bool dropped() const = 0;  // close now, whatever is still to be sent
    virtual Clock::time_point deadline() const = 0;
    virtual void time_out() = 0;
    virtual void stop() = 0;
};
