// One WebSocket conversation after its handshake (RFC 6455), as bytes in and bytes out: a Protocol
// that takes the place of the HTTP Connection. stream/protocol.hpp says how an engine drives it.
//
//     state          since                            what happens in it
//     fresh          it was made                      nothing: open() comes first
//     open           open()                           messages go both ways; a ping every 30 s
//     said_goodbye   our close frame was taken        only the client's close frame counts, for 5 s
//     finished       the client's close frame came,   what waits is sent, our close frame last;
//                    or the client made a mistake     then the connection is closed
//     dropped        the client hung up, was silent   the connection is closed at once
//                    for too long, or didn't read
//
// A state is only ever followed by one further down. When `open` or `said_goodbye` is left for one
// of the last two, the application is told by on_close.
//
// Leaves out: extensions, such as compression, and messages larger than memory should hold.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"
#include "body/body_budget.hpp"
#include "stream/protocol.hpp"
#include "utf8.hpp"
#include "websocket/client.hpp"
#include "websocket/frame.hpp"

// What a program does with its WebSockets. Each of these may be empty. For one client they are
// called one at a time, on the engine's thread, so they should be quick. An exception ends the
// conversation with code 1011. After on_open there is always one on_close: with the code of the
// client's close frame or of the mistake, 1005 (no code in it) or 1006 (no close frame).
struct WebSocketHandlers {
    using Client = std::shared_ptr<WebSocketClient>;
    std::function<void(const Client&)> on_open;
    std::function<void(const Client&, std::string_view message, bool is_text)> on_message;
    std::function<void(const Client&, std::uint16_t code, std::string_view reason)> on_close;
};

struct WebSocketLimits {
    std::size_t message = 128 * 1024;      // bytes of one that the client sends; past it: 1009
    std::size_t uncounted = 4 * 1024;      // bytes of one that `bodies` doesn't count
    std::size_t queue = 1024 * 1024;       // bytes that wait for the client; past it: dropped
    std::size_t pongs = 16 * 1024;         // bytes of answers to pings that wait for the client
    std::size_t output_batch = 64 * 1024;  // bytes that go out together
    std::chrono::seconds ping{30};         // from a sign of life to the next ping
    std::chrono::seconds pong{20};         // for the answer to a ping; past it: dropped
    std::chrono::seconds close{5};         // for the answer to our close frame; past it: dropped
    std::chrono::seconds whole{60};  // for the rest of a message that is counted; past it: 1008
    BodyBudget* bodies = nullptr;    // the memory for all of them; full: 1013. nullptr: no limit
};

class WebSocket : public Protocol {
  public:
    explicit WebSocket(WebSocketHandlers handlers, const WebSocketLimits& limits = {},
                       std::string peer = {});
    ~WebSocket() override;
    WebSocket(const WebSocket&) = delete;
    WebSocket& operator=(const WebSocket&) = delete;

    void trace_as(int connection) override { connection_ = connection; }
    void open(std::function<void()> wake) override;
    void feed(std::string_view bytes) override;
    void end_of_input() override;
    std::string take_output() override;
    bool finished() const override { return state_ == State::finished || dropped(); }
    bool dropped() const override { return state_ == State::dropped || client_->overflowed(); }

    // When the next ping is due, or an answer or the rest of a message overdue. time_out() pings,
    // or gives up.
    Clock::time_point deadline() const override { return std::min(deadline_, whole_by_); }
    void time_out() override;

    // Says goodbye with 1001.
    void stop() override;

  private:
    enum class State { fresh, open, said_goodbye, finished, dropped };

    bool talking() const { return state_ == State::open || state_ == State::said_goodbye; }

    void read_frame(std::string_view& bytes);
    void begin_frame();
    void read_payload(std::string_view& bytes);
    void end_frame();
    void end_message();
    void count_message();
    void answer_ping();
    void answer_close();

    void fail(std::uint16_t code, std::string_view reason);
    void fail_for_application();
    void give_up();
    void end(State state, std::uint16_t code, std::string_view reason);

    WebSocketHandlers handlers_;
    WebSocketLimits limits_;
    std::shared_ptr<WebSocketClient> client_;

    int connection_ = 0;
    State state_ = State::fresh;
    bool awaiting_pong_ = false;  // we have pinged, and the client has sent nothing since
    Clock::time_point deadline_;
    std::string control_output_;  // pings and pongs to be sent; they may overtake messages

    FrameHeaderReader header_reader_;
    std::optional<FrameHeader> frame_;            // the one whose payload is being read
    std::uint64_t position_ = 0;                  // in that payload
    std::string control_payload_;                 // what has come of a control frame's payload
    Opcode message_type_ = Opcode::continuation;  // which means that no message has begun
    std::string message_;                         // what has come of a message
    std::unique_ptr<BodyShare> share_;            // what it, or the reply, takes of limits_.bodies
    Clock::time_point whole_by_ =
        Clock::time_point::max();  // when the rest of a message that is counted is due
    Utf8Validator utf8_;           // as new at the beginning of each text
};
