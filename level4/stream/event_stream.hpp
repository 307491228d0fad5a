// Server-sent events: a reply that never ends, to which the server adds an event whenever there is
// one (https://html.spec.whatwg.org/#server-sent-events). In a browser: new EventSource(address).
// Leaves out: Last-Event-ID. Whoever was away asks the API for what was missed.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "response.hpp"

// One subscriber's events that have not been sent yet. Filled by any thread, emptied by the engine.
struct EventQueue {
    std::mutex mutex;  // guards all that follows
    std::string waiting;
    bool overflowed = false;  // the subscriber does not read: to be dropped
    std::function<void()> wake;
};

// The subscribers of a kind of event. May be used by many threads at once.
class EventChannel {
  public:
    // The reply that makes the client a subscriber. The channel must live longer than the server.
    Response subscribe();

    // To all subscribers; never waits for one. `data` is a single line.
    void publish(std::string_view data);

  private:
    friend class EventStream;
    void leave(const std::shared_ptr<EventQueue>& queue);

    std::mutex mutex_;  // guards subscribers_
    std::set<std::shared_ptr<EventQueue>> subscribers_;
};
