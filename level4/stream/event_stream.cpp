// See event_stream.hpp.
#include "stream/event_stream.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "stream/protocol.hpp"

namespace {

constexpr std::size_t most_waiting = 256 * 1024;  // bytes; a client that lets more wait is dropped
constexpr std::size_t output_batch = 64 * 1024;   // bytes that go out together
constexpr std::chrono::seconds heartbeat{15};     // until a comment shows whether a client is there

// One subscriber's connection. What it is sent comes from the room, by way of its outbox.
class EventStream : public Protocol {
  public:
    explicit EventStream(Room& subscribers) : subscribers_(subscribers) {
        outbox_->send(share(": hello\n\n"));  // a comment, by which the client sees that it began
        subscribers_.join(outbox_);
    }
    ~EventStream() override {
        subscribers_.leave(outbox_);
        outbox_->discard();
    }
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    void open(std::function<void()> wake) override { outbox_->set_wake(std::move(wake)); }
    void feed(std::string_view) override {}  // a subscriber has nothing to say
    void end_of_input() override { finished_ = true; }
    std::string take_output() override {
        std::string output;
        outbox_->take(output, output_batch);
        return output;
    }
    bool finished() const override { return finished_; }
    bool dropped() const override { return outbox_->overflowed(); }
    Clock::time_point deadline() const override { return deadline_; }
    void time_out() override {
        deadline_ = Clock::now() + heartbeat;
        outbox_->send(share(": still here\n\n"));
    }
    void stop() override { finished_ = true; }

  private:
    Room& subscribers_;
    std::shared_ptr<Outbox> outbox_ = std::make_shared<Outbox>(most_waiting);
    Clock::time_point deadline_ = Clock::now() + heartbeat;
    bool finished_ = false;
};

}  // namespace

Response EventChannel::subscribe() {
    Response response;
    response.headers.add("Content-Type", "text/event-stream; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    response.protocol = std::make_shared<EventStream>(subscribers_);
    return response;
}

void EventChannel::publish(std::string_view data) {
    subscribers_.broadcast(share("data: " + std::string(data) + "\n\n"));
}
