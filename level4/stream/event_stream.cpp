// See event_stream.hpp.
#include "stream/event_stream.hpp"

#include <chrono>
#include <functional>
#include <utility>

#include "stream/protocol.hpp"

namespace {

constexpr std::size_t most_waiting = 256 * 1024;  // bytes; whoever lets more gather is dropped
constexpr std::chrono::seconds heartbeat{15};     // a comment, so that a dead client is noticed

}  // namespace

// Not in the unnamed namespace: EventChannel names it as its friend.
class EventStream : public Protocol {
  public:
    EventStream(EventChannel& channel, std::shared_ptr<EventQueue> queue)
        : channel_(channel), queue_(std::move(queue)) {}
    ~EventStream() override {
        channel_.leave(queue_);
        const std::lock_guard lock(queue_->mutex);
        queue_->wake = nullptr;
    }

    void open(std::function<void()> wake) override {
        const std::lock_guard lock(queue_->mutex);
        queue_->wake = std::move(wake);
        queue_->waiting.insert(0, ": hello\n\n");  // so that the client sees that it has begun
    }
    void feed(std::string_view) override {}  // a subscriber has nothing to say
    void end_of_input() override { finished_ = true; }
    std::string take_output() override {
        const std::lock_guard lock(queue_->mutex);
        return std::exchange(queue_->waiting, {});
    }
    bool finished() const override { return finished_; }
    bool dropped() const override {
        const std::lock_guard lock(queue_->mutex);
        return queue_->overflowed;
    }
    Clock::time_point deadline() const override { return deadline_; }
    void time_out() override {
        deadline_ = Clock::now() + heartbeat;
        const std::lock_guard lock(queue_->mutex);
        queue_->waiting += ": still here\n\n";
    }
    void stop() override { finished_ = true; }

  private:
    EventChannel& channel_;
    std::shared_ptr<EventQueue> queue_;
    Clock::time_point deadline_ = Clock::now() + heartbeat;
    bool finished_ = false;
};

Response EventChannel::subscribe() {
    Response response;
    response.headers.add("Content-Type", "text/event-stream; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    auto queue = std::make_shared<EventQueue>();
    response.protocol = std::make_shared<EventStream>(*this, queue);
    const std::lock_guard lock(mutex_);
    subscribers_.insert(std::move(queue));
    return response;
}

void EventChannel::publish(std::string_view data) {
    const std::string event = "data: " + std::string(data) + "\n\n";
    const std::lock_guard lock(mutex_);
    for (const auto& queue : subscribers_) {
        const std::lock_guard queue_lock(queue->mutex);
        if (queue->waiting.size() + event.size() > most_waiting) queue->overflowed = true;
        if (!queue->overflowed) queue->waiting += event;
        if (queue->wake) queue->wake();
    }
}

void EventChannel::leave(const std::shared_ptr<EventQueue>& queue) {
    const std::lock_guard lock(mutex_);
    subscribers_.erase(queue);
}
