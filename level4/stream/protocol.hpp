// What may take a connection over after a response's head: a WebSocket after its 101, or a stream
// of events that has no end. It is driven like a Connection, and it may have something to say by
// itself: then another thread calls `wake`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"

// How an engine drives it. All calls come from one thread at a time, whichever engine it is:
//     open(wake), once, when the head has been put out;
//     feed(bytes) with what came after the request, beginning with what came together with it;
//     after each of these, and after each wake: take_output() until it is empty, sending everything
//         before taking more. Only then read again: that is all the backpressure that is needed;
//     time_out() when deadline() has passed; look at deadline() again after each call;
//     close gently when take_output() is empty and finished(), at once when dropped().
// `wake` is what another thread's send() calls when the engine has been told that there is nothing
// to send, or when this client has to be dropped. It must be short (a write to an eventfd, a line
// in a list for it), must not throw and must not call anything here; nor may the engine call in
// here while it holds a lock that `wake` takes. Once the protocol is destroyed it is not called
// any more. A loop wakes from epoll_wait(); a thread per client waits in poll() for its socket and
// for a pipe of its own.
class Protocol {
  public:
    virtual ~Protocol() = default;

    virtual void open(std::function<void()> wake) = 0;

    virtual void feed(std::string_view bytes) = 0;
    virtual void end_of_input() = 0;
    virtual std::string take_output() = 0;
    virtual bool finished() const = 0;
    virtual bool dropped() const = 0;  // close now, whatever is still to be sent
    virtual Clock::time_point deadline() const = 0;
    virtual void time_out() = 0;
    virtual void stop() = 0;
};
