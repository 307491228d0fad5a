// See event_stream.hpp.
#include "stream/event_stream.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "stream/protocol.hpp"

namespace {

constexpr std::size_t output_batch = 64 * 1024;  // bytes that go out together
constexpr std::chrono::seconds heartbeat{15};    // until a comment shows whether a client is there

SharedMessage event_message(const Event& event) {
    return share("id: " + std::to_string(event.id) + "\ndata: " + event.data + "\n\n");
}

// One subscriber's connection. What it is sent comes from the room, by way of its outbox.
class EventStream : public Protocol {
  public:
    EventStream(Room& subscribers, std::size_t most_waiting, std::function<void(int)> on_connection,
                std::shared_ptr<const void> owned)
        : subscribers_(subscribers),
          on_connection_(std::move(on_connection)),
          owned_(std::move(owned)),
          outbox_(std::make_shared<Outbox>(most_waiting)) {
        outbox_->send(share(": hello\n\n"));  // a comment, by which the client sees that it began
    }
    ~EventStream() override {
        subscribers_.leave(outbox_);
        outbox_->discard();
    }
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    const std::shared_ptr<Outbox>& outbox() const { return outbox_; }

    void trace_as(int connection) override {
        if (on_connection_) on_connection_(connection);
    }
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
    std::function<void(int)> on_connection_;
    std::shared_ptr<const void> owned_;  // by the client: goes with it
    std::shared_ptr<Outbox> outbox_;
    Clock::time_point deadline_ = Clock::now() + heartbeat;
    bool finished_ = false;
};

Response event_response(std::shared_ptr<Protocol> stream) {
    Response response;
    response.headers.add("Content-Type", "text/event-stream; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    response.protocol = std::move(stream);
    return response;
}

}  // namespace

Response EventChannel::subscribe() {
    auto [response, client] = invite();
    join(std::move(client));
    return std::move(response);
}

EventChannel::Newcomer EventChannel::invite(std::shared_ptr<const void> owned) {
    auto stream = std::make_shared<EventStream>(subscribers_, most_waiting_, on_connection_,
                                                std::move(owned));
    auto client = stream->outbox();
    return {event_response(std::move(stream)), std::move(client)};
}

void EventChannel::send(Outbox& client, const Event& event) {
    client.send(event_message(event));
}

void EventChannel::join(std::shared_ptr<Outbox> client) {
    subscribers_.join(std::move(client));
}

void EventChannel::publish(const Event& event) {
    subscribers_.broadcast(event_message(event));
}
