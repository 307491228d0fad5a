// Server-sent events: a reply that never ends, to which the server adds an event whenever there is
// one (https://html.spec.whatwg.org/#server-sent-events). In a browser: new EventSource(address).
// An event has an id. A browser that lost the connection asks again by itself, and says in the
// field Last-Event-ID which event was the last one that it got.
// Leaves out: a memory of events. What a client missed is found by the caller, in its own store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "response.hpp"
#include "stream/room.hpp"

struct Event {
    std::int64_t id;
    std::string data;  // a single line
};

// A kind of event, and its subscribers. For use by many threads at once.
class EventChannel {
  public:
    // `most_waiting`: bytes that may wait for a client; one that lets more wait is dropped.
    // `on_connection` is told the number of each subscriber's connection in the trace, before an
    // event goes out.
    explicit EventChannel(std::size_t most_waiting = 256 * 1024,
                          std::function<void(int)> on_connection = {})
        : most_waiting_(most_waiting), on_connection_(std::move(on_connection)) {}

    // The reply that makes the client a subscriber. It gets every event from now on, until it hangs
    // up or doesn't read. The channel must outlive the server.
    Response subscribe();

    // The same in steps, for a client that is sent other events first: those that it missed.
    struct Newcomer {
        Response response;
        std::shared_ptr<Outbox> client;
    };
    // `owned` goes when the client does.
    Newcomer invite(std::shared_ptr<const void> owned = nullptr);
    static void send(Outbox& client, const Event& event);
    void join(std::shared_ptr<Outbox> client);  // and from then on it gets every event

    // Sends an event to all subscribers, and never waits for one.
    void publish(const Event& event);

  private:
    const std::size_t most_waiting_;
    const std::function<void(int)> on_connection_;
    Room subscribers_;
};
