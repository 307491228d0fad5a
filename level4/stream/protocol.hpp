// What can take a connection over after the head of a response: a WebSocket after its 101, or a
// stream of events. An engine drives it as it drives a Connection, by bytes in and bytes out. But
// it may have something to send at any time, because another thread has a message for its client.
// Then that thread wakes the engine: outbox.hpp has the picture.
//
// What an engine does, whichever it is:
//     trace_as(number)    first, with the connection's number in the trace;
//     open(wake)          once, when the head has been handed over to be sent;
//     feed(bytes)         with what the client sends, beginning with what came with its request;
//     end_of_input()      when the client will send no more;
//     time_out()          when deadline() has passed;
//     stop()              when the program is asked to stop;
//     take_output()       after each of these, and after each wake, again and again until there is
//                         nothing left. It sends one piece before it takes the next, and reads only
//                         when there was nothing left: that is all the backpressure we need;
//     deadline()          after that, because any call may have changed it;
//     dropped()           if true, it closes the connection at once;
//     finished()          if true, it closes gently when there is nothing left to send.
// All of them are called on the client's own thread, or in its event loop: never two at a time.
//
// `wake` may be called by any thread, and makes the engine come for the output. A thread for each
// client waits in poll(), for its socket and for a pipe; a loop waits in a Poller. Once the
// protocol is destroyed, it calls `wake` no more.
//     - `wake` must be short, as a write to a pipe is. It must throw nothing but std::bad_alloc,
//       and must not call the protocol, which may have locked something.
//     - An engine must not call the protocol while it holds a lock that `wake` takes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"

class Protocol {
  public:
    virtual ~Protocol() = default;

    virtual void trace_as(int /*connection*/) {}  // for those that show more than their bytes
    virtual void open(std::function<void()> wake) = 0;

    virtual void feed(std::string_view bytes) = 0;
    virtual void end_of_input() = 0;
    virtual std::string take_output() = 0;
    virtual bool finished() const = 0;
    virtual bool dropped() const = 0;
    virtual Clock::time_point deadline() const = 0;
    virtual void time_out() = 0;
    virtual void stop() = 0;
};
