// Server-sent events: a reply that never ends, to which the server adds an event whenever there is
// one (https://html.spec.whatwg.org/#server-sent-events). In a browser: new EventSource(address).
// Leaves out: Last-Event-ID. A client that was away asks the API for what it missed.
#pragma once

#include <string_view>

#include "response.hpp"
#include "stream/room.hpp"

// A kind of event, and its subscribers. For use by many threads at once.
class EventChannel {
  public:
    // The reply that makes the client a subscriber. It gets every event from now on, until it hangs
    // up or doesn't read. The channel must outlive the server.
    Response subscribe();

    // Sends an event to all subscribers, and never waits for one. `data` must be a single line.
    void publish(std::string_view data);

  private:
    Room subscribers_;
};
