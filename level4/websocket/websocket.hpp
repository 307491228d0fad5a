// One WebSocket conversation after its handshake (RFC 6455), as bytes in and bytes out, like
// Connection, whose place it takes (protocol.hpp). It never touches a socket.
// Leaves out: extensions such as compression, and messages larger than memory should hold.
// How an engine drives it: see protocol.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"
#include "stream/protocol.hpp"
#include "utf8.hpp"
#include "websocket/client.hpp"
#include "websocket/frame.hpp"

// What a program does with its WebSockets. Each may be empty. For one client they are called one
// after the other, on the engine's thread, so they should be quick. An exception ends the
// conversation with code 1011. on_close is always called in the end if open() was.
struct WebSocketHandlers {
    using Client = std::shared_ptr<WebSocketClient>;
    std::function<void(const Client&)> on_open;
    std::function<void(const Client&, std::string_view message, bool is_text)> on_message;
    std::function<void(const Client&, std::uint16_t code, std::string_view reason)> on_close;
};

struct WebSocketLimits {
    std::size_t message = 128 * 1024;  // bytes; past it: 1009
    std::size_t queue = 1024 * 1024;   // bytes to send that the client has not read; then dropped
    std::size_t pongs = 16 * 1024;     // bytes of answers to pings that it has not read
    std::size_t output_batch = 64 * 1024;  // bytes that go out together
    std::chrono::seconds ping{30};         // from one ping to the next
    std::chrono::seconds pong{20};         // for the answer, then dropped
    std::chrono::seconds close{5};         // for the answer to our goodbye
};

class WebSocket : public Protocol {
  public:
    explicit WebSocket(WebSocketHandlers handlers, const WebSocketLimits& limits = {});
    ~WebSocket() override;
    WebSocket(const WebSocket&) = delete;
    WebSocket& operator=(const WebSocket&) = delete;

    // See above for when to call these.
    void open(std::function<void()> wake) override;
    void feed(std::string_view bytes) override;
    void end_of_input() override;  // the client sends no more
    std::string take_output() override;

    // Close the connection once take_output() is empty.
    bool finished() const override { return finished_ || dropped(); }
    // Close it now: the client is dead, or does not read what it gets.
    bool dropped() const override { return dropped_ || client_->overflowed(); }

    // When the next ping is due, or an answer overdue; time_out() pings, or gives up.
    Clock::time_point deadline() const override { return deadline_; }
    void time_out() override;

    // The server is about to stop: says goodbye with 1001.
    void stop() override;

  private:
    void begin_frame();
    void read_payload(std::string_view& bytes);
    void end_frame();
    void end_message();
    void answer_close();
    void fail(std::uint16_t code, std::string_view reason);
    void give_up();
    void finish(std::uint16_t code, std::string_view reason);

    WebSocketHandlers handlers_;
    WebSocketLimits limits_;
    std::shared_ptr<WebSocketClient> client_;

    FrameHeaderReader header_reader_;
    std::optional<FrameHeader> frame_;  // the one whose payload is being read
    std::uint64_t position_ = 0;        // in that payload
    std::string control_payload_;

    Opcode message_type_ = Opcode::continuation;  // which means that no message has begun
    std::string message_;                         // what has come of it
    Utf8Validator utf8_;                          // as new after each whole text

    std::string control_output_;  // pings and pongs; they may overtake messages
    bool opened_ = false;         // and on_close has not been called
    bool finished_ = false;
    bool dropped_ = false;
    bool awaiting_pong_ = false;
    bool awaiting_close_ = false;
    Clock::time_point deadline_;
};
