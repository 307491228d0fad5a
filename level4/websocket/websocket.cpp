// One WebSocket conversation: see websocket.hpp. Every mistake of the client's is thrown as a
// WebSocketError, and becomes a close frame in one place, feed().
#include "websocket/websocket.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "../../common/output.hpp"
#include "websocket/frame_trace.hpp"

namespace {

// Calls a handler of the application. False if it throws, whatever that is. Details are for the
// person who runs the server, not for the client.
bool succeeds(const std::string& name, const std::function<void()>& handler) {
    try {
        handler();
        return true;
    } catch (const std::exception& error) {
        print_error("WebSocket, " + name + ": " + error.what());
    } catch (...) {
        print_error("WebSocket, " + name + ": threw something that isn't a std::exception");
    }
    return false;
}

}  // namespace

WebSocket::WebSocket(WebSocketHandlers handlers, const WebSocketLimits& limits, std::string peer)
    : handlers_(std::move(handlers)),
      limits_(limits),
      client_(std::make_shared<WebSocketClient>(limits.queue, std::move(peer))),
      deadline_(Clock::now() + limits.ping) {}

WebSocket::~WebSocket() {
    give_up();  // if it was the engine that ended it, the application still has to be told
}

void WebSocket::open(std::function<void()> wake) {
    client_->set_wake(std::move(wake));
    state_ = State::open;
    if (!handlers_.on_open) return;
    if (!succeeds("on_open", [this] { handlers_.on_open(client_); })) fail_for_application();
}

void WebSocket::feed(std::string_view bytes) {
    client_->keep_awake();  // the engine asks for output after this
    // Any bytes show that the client is alive.
    if (std::exchange(awaiting_pong_, false) && state_ == State::open) {
        deadline_ = Clock::now() + limits_.ping;
    }
    try {
        // Nothing that comes after a goodbye is looked at (§5.5.1).
        while (!bytes.empty() && talking()) read_frame(bytes);
    } catch (const WebSocketError& error) {
        fail(error.code, error.what());
    }
}

// Reads as much of one frame as there is.
void WebSocket::read_frame(std::string_view& bytes) {
    if (!frame_) {
        frame_ = header_reader_.read(bytes);
        if (!frame_) return;
        begin_frame();
    }
    read_payload(bytes);
    if (position_ == frame_->length) end_frame();
}

// Finds what is wrong with a frame because of the frames before it (§5.4).
void WebSocket::begin_frame() {
    position_ = 0;
    if (frame_->is_control()) return control_payload_.clear();

    const bool continues = frame_->opcode == Opcode::continuation;
    const bool message_has_begun = message_type_ != Opcode::continuation;
    if (continues && !message_has_begun) {
        throw WebSocketError(close_code::protocol_error, "There is no message to continue.");
    }
    if (!continues && message_has_begun) {
        throw WebSocketError(close_code::protocol_error, "The previous message isn't complete.");
    }
    // Before its bytes are read. No memory is reserved for them either, because they may never
    // come.
    if (frame_->length > limits_.message - message_.size()) {
        throw WebSocketError(close_code::too_big, "The message is too long.");
    }
    if (!continues) message_type_ = frame_->opcode;
}

// Takes what has come of the payload. Text is checked at once, so a wrong byte is reported before
// the frame is complete. A character may be cut between two frames, but not between two messages.
void WebSocket::read_payload(std::string_view& bytes) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), frame_->length - position_));
    std::string& payload = frame_->is_control() ? control_payload_ : message_;
    append_unmasked(payload, bytes.substr(0, count), frame_->mask, position_);
    bytes.remove_prefix(count);
    position_ += count;
    count_message();

    const std::string_view added = std::string_view(payload).substr(payload.size() - count);
    if (!frame_->is_control() && message_type_ == Opcode::text && !utf8_.feed(added)) {
        throw WebSocketError(close_code::invalid_payload, "The text is not UTF-8.");
    }
}

void WebSocket::end_frame() {
    const FrameHeader frame = *std::exchange(frame_, std::nullopt);
    const std::string_view received = frame.is_control() ? control_payload_ : message_;
    trace_frame(connection_, frame,
                received.substr(received.size() - static_cast<std::size_t>(frame.length)));
    switch (frame.opcode) {
        case Opcode::close: return answer_close();
        case Opcode::ping: return answer_ping();
        case Opcode::pong: return;  // feed() has seen that the client is alive
        default:
            if (frame.final) end_message();
    }
}

void WebSocket::end_message() {
    const bool is_text = std::exchange(message_type_, Opcode::continuation) == Opcode::text;
    if (is_text && !utf8_.complete()) {
        throw WebSocketError(close_code::invalid_payload, "The text ends within a character.");
    }
    // Moved out, so that a client that is silent from now on costs no memory for it.
    const std::string message = std::exchange(message_, {});
    whole_by_ = Clock::time_point::max();
    if (!handlers_.on_message || !client_->is_open()) return;
    const auto tell = [&] { handlers_.on_message(client_, message, is_text); };
    if (!succeeds("on_message", tell)) fail_for_application();
}

// Half a message may lie here for a minute, and the reply to it until the client reads it. Ten
// thousand clients may come, so messages count against the memory that all bodies share. Short
// ones, as most are, don't, because they cost less than their clients.
void WebSocket::count_message() {
    if (limits_.bodies == nullptr || message_.capacity() <= limits_.uncounted) return;
    if (!share_) share_ = std::make_unique<BodyShare>(*limits_.bodies);
    if (!share_->cover(message_.capacity())) {
        throw WebSocketError(close_code::try_again_later, "The server is busy. Please try again.");
    }
    if (whole_by_ == Clock::time_point::max()) whole_by_ = Clock::now() + limits_.whole;
}

// Of many pings that came before we could answer, only the last needs an answer (§5.5.3). So a
// client that pings and doesn't read can't fill our memory.
void WebSocket::answer_ping() {
    if (state_ != State::open) return;  // our close frame was the last frame
    if (control_output_.size() > limits_.pongs) control_output_.clear();
    control_output_ += make_frame(Opcode::pong, control_payload_);
}

// The client's goodbye. It is echoed unless we have already said ours (§5.5.1, §7.1.5).
void WebSocket::answer_close() {
    const CloseReason reason = parse_close(control_payload_);
    client_->send_last(share(reason.code == close_code::none ? make_frame(Opcode::close, "")
                                                             : make_close_frame(reason.code, "")));
    end(State::finished, reason.code, reason.text);
}

// The client has broken the rules, or the application has failed. Says why, and doesn't wait for an
// answer, because a client that breaks the rules once may do so again (§7.1.7).
void WebSocket::fail(std::uint16_t code, std::string_view reason) {
    client_->send_last(share(make_close_frame(code, reason)));
    end(State::finished, code, reason);
}

void WebSocket::fail_for_application() {
    fail(close_code::internal_error, "Something went wrong on the server.");
}

// There is no longer a client to send a close frame to.
void WebSocket::give_up() {
    client_->discard();
    control_output_.clear();
    end(State::dropped, close_code::abnormal, "");
}

void WebSocket::end(State state, std::uint16_t code, std::string_view reason) {
    const bool was_talking = talking();
    state_ = state;
    std::string().swap(message_);  // an empty one that is assigned would leave the memory as it is
    whole_by_ = Clock::time_point::max();
    if (!was_talking || !handlers_.on_close) return;
    succeeds("on_close", [&] { handlers_.on_close(client_, code, reason); });
}

void WebSocket::end_of_input() {
    if (talking()) give_up();
}

std::string WebSocket::take_output() {
    if (client_->overflowed()) give_up();
    std::string output = std::exchange(control_output_, {});
    const bool goodbye_taken = client_->take(output, limits_.output_batch);
    trace_frames(connection_, output);
    if (output.empty() && message_.empty()) share_ = nullptr;  // all has been sent
    if (goodbye_taken && state_ == State::open) {
        state_ = State::said_goodbye;
        deadline_ = Clock::now() + limits_.close;
    }
    return output;
}

void WebSocket::time_out() {
    if (Clock::now() >= whole_by_ && state_ == State::open) {
        return fail(close_code::policy_violation, "The message took too long to arrive.");
    }
    if (state_ != State::open || awaiting_pong_) return give_up();
    control_output_ += make_frame(Opcode::ping, "");
    awaiting_pong_ = true;
    deadline_ = Clock::now() + limits_.pong;
}

// Messages that already wait are sent first. Then the client has limits_.close to answer.
void WebSocket::stop() {
    client_->close(close_code::going_away, "The server is shutting down.");
}
