// The queue between those who send and the connection that delivers: see client.hpp.
#include "websocket/client.hpp"

#include <cstddef>
#include <stdexcept>
#include <utility>

namespace {

// What a frame costs while it waits: its bytes, and about so many more for its place in the queue
// and in memory. Without those a million empty messages would cost nothing.
std::size_t cost(const std::string& frame) {
    return frame.size() + 64;
}

}  // namespace

bool WebSocketClient::send_text(std::string_view text) {
    return send(std::make_shared<const std::string>(make_frame(Opcode::text, text)));
}

bool WebSocketClient::send_binary(std::string_view bytes) {
    return send(std::make_shared<const std::string>(make_frame(Opcode::binary, bytes)));
}

bool WebSocketClient::send(SharedFrame frame) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (queued_ + cost(*frame) > limit_) {
        // Dropped without a goodbye, which would only be one more thing that it does not read.
        closed_ = overflowed_ = true;
        queue_ = {};
        queued_ = 0;
        if (wake_) wake_();  // even if awake: the engine may be waiting for the client to read
        return false;
    }
    add(std::move(frame));
    return true;
}

void WebSocketClient::close(std::uint16_t code, std::string_view reason) {
    if (!is_close_code(code)) throw std::invalid_argument("not a WebSocket close code");
    end(std::make_shared<const std::string>(make_close_frame(code, reason)));
}

// The goodbye has always room in the queue: there is only one.
void WebSocketClient::end(SharedFrame close_frame) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    add(std::move(close_frame));
}

// Called with mutex_ held.
void WebSocketClient::add(SharedFrame frame) {
    queued_ += cost(*frame);
    queue_.push_back(std::move(frame));
    // Once is enough, until the engine has fetched everything. The lock is held all the while, so
    // that discard() can promise that no call is under way.
    if (!std::exchange(awake_, true) && wake_) wake_();
}

void WebSocketClient::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

void WebSocketClient::keep_awake() {
    const std::lock_guard lock(mutex_);
    awake_ = true;
}

bool WebSocketClient::append_output(std::string& output, std::size_t batch) {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (; count < queue_.size() && output.size() < batch; ++count) {
        output += *queue_[count];
        queued_ -= cost(*queue_[count]);
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    // A client that has caught up gives back what its long queue needed.
    if (queue_.empty() && queue_.capacity() > 64) queue_.shrink_to_fit();
    if (output.empty()) awake_ = false;
    return closed_ && queue_.empty();
}

void WebSocketClient::discard() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    queue_ = {};
    queued_ = 0;
    wake_ = nullptr;  // what it knows of the engine may be gone soon
}

bool WebSocketClient::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

bool WebSocketClient::overflowed() const {
    const std::lock_guard lock(mutex_);
    return overflowed_;
}
