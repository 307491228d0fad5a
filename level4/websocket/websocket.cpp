// One WebSocket conversation: see websocket.hpp. Whatever the client does wrong is thrown as a
// WebSocketError and becomes a close frame in one place, feed().
#include "websocket/websocket.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "../../common/output.hpp"

WebSocket::WebSocket(WebSocketHandlers handlers, const WebSocketLimits& limits)
    : handlers_(std::move(handlers)),
      limits_(limits),
      client_(new WebSocketClient(limits.queue)),
      deadline_(Clock::now() + limits.ping) {}

WebSocket::~WebSocket() {
    give_up();  // if the engine had to end it: the application still learns of it
}

void WebSocket::open(std::function<void()> wake) {
    client_->set_wake(std::move(wake));
    opened_ = true;
    try {
        if (handlers_.on_open) handlers_.on_open(client_);
    } catch (const std::exception& error) {
        print_error(std::string("on_open of a WebSocket: ") + error.what());
        fail(close_code::internal_error, "Something went wrong on the server.");
    }
}

void WebSocket::feed(std::string_view bytes) {
    client_->keep_awake();  // the engine comes for the output by itself
    if (std::exchange(awaiting_pong_, false) && !awaiting_close_) {
        deadline_ = Clock::now() + limits_.ping;  // whoever says anything is alive
    }
    try {
        // After a goodbye nothing more is looked at (§5.5.1).
        while (!bytes.empty() && !finished_) {
            if (!frame_) {
                frame_ = header_reader_.read(bytes);
                if (!frame_) return;
                begin_frame();
            }
            read_payload(bytes);
            if (position_ == frame_->length) end_frame();
        }
    } catch (const WebSocketError& error) {
        fail(error.code, error.what());
    } catch (const std::exception& error) {
        // Details are for the person who runs the server, not for the client.
        print_error(std::string("on_message of a WebSocket: ") + error.what());
        fail(close_code::internal_error, "Something went wrong on the server.");
    }
}

// All that can be wrong with a frame because of the frames before it (§5.4).
void WebSocket::begin_frame() {
    position_ = 0;
    if (frame_->is_control()) return control_payload_.clear();

    const bool continues = frame_->opcode == Opcode::continuation;
    const bool message_has_begun = message_type_ != Opcode::continuation;
    if (continues && !message_has_begun) {
        throw WebSocketError(close_code::protocol_error, "There is no message to continue.");
    }
    if (!continues && message_has_begun) {
        throw WebSocketError(close_code::protocol_error, "The message before this one has no end.");
    }
    // Before its bytes are read. No memory is set aside for them either: they may never come.
    if (frame_->length > limits_.message - message_.size()) {
        throw WebSocketError(close_code::too_big, "The message is too long.");
    }
    if (!continues) message_type_ = frame_->opcode;
}

// Takes what has come of the payload. Text is checked at once: a wrong byte is told even before the
// frame is whole, and a character may be cut between two frames, but not between two messages.
void WebSocket::read_payload(std::string_view& bytes) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), frame_->length - position_));
    std::string& payload = frame_->is_control() ? control_payload_ : message_;
    append_unmasked(payload, bytes.substr(0, count), frame_->mask, position_);
    bytes.remove_prefix(count);
    position_ += count;

    const std::string_view added = std::string_view(payload).substr(payload.size() - count);
    if (!frame_->is_control() && message_type_ == Opcode::text && !utf8_.feed(added)) {
        throw WebSocketError(close_code::invalid_payload, "The text is not UTF-8.");
    }
}

void WebSocket::end_frame() {
    const FrameHeader frame = *std::exchange(frame_, std::nullopt);
    switch (frame.opcode) {
        case Opcode::close: return answer_close();
        case Opcode::pong: return;  // asked for or not (§5.5.3), it has shown what it was to show
        case Opcode::ping:
            if (awaiting_close_) return;
            // Of many pings that came before we could answer, the last needs an answer
            // (§5.5.3): so a client that pings without reading can't fill our memory.
            if (control_output_.size() > limits_.pongs) control_output_.clear();
            control_output_ += make_frame(Opcode::pong, control_payload_);
            return;
        default:
            if (frame.final) end_message();
    }
}

void WebSocket::end_message() {
    const bool is_text = std::exchange(message_type_, Opcode::continuation) == Opcode::text;
    if (is_text && !utf8_.complete()) {
        throw WebSocketError(close_code::invalid_payload, "The text ends within a character.");
    }
    // Taken out, so that a client that is silent from now on costs no memory for it.
    const std::string message = std::exchange(message_, {});
    if (handlers_.on_message && !client_->closed()) {
        handlers_.on_message(client_, message, is_text);
    }
}

// The goodbye of the client, which is echoed if we have not said ours before (§5.5.1, §7.1.5).
void WebSocket::answer_close() {
    std::uint16_t code = close_code::none;
    std::string_view reason = control_payload_;
    if (!reason.empty()) {
        if (reason.size() < 2) {
            throw WebSocketError(close_code::protocol_error, "Half a close code.");
        }
        code = static_cast<std::uint16_t>(static_cast<unsigned char>(reason[0]) << 8 |
                                          static_cast<unsigned char>(reason[1]));
        reason.remove_prefix(2);
        if (!is_close_code(code)) {
            throw WebSocketError(close_code::protocol_error, "No such close code.");
        }
        if (!is_valid_utf8(reason)) {
            throw WebSocketError(close_code::invalid_payload, "The close reason is not UTF-8.");
        }
    }
    client_->end(std::make_shared<const std::string>(
        code == close_code::none ? make_frame(Opcode::close, "") : make_close_frame(code, "")));
    finish(code, reason);
}

// There are three ways to the end: answer_close() after the client's goodbye, fail() with ours, and
// give_up() without any. All of them call finish(), and only its first call tells the application.
// This one says why, and does not wait for an answer: whoever breaks the rules once may do it again
// (§7.1.7).
// What was to be sent before is sent before.
void WebSocket::fail(std::uint16_t code, std::string_view reason) {
    client_->end(std::make_shared<const std::string>(make_close_frame(code, reason)));
    finish(code, reason);
}

void WebSocket::give_up() {
    client_->discard();
    control_output_.clear();
    dropped_ = true;
    finish(close_code::abnormal, "");
}

void WebSocket::finish(std::uint16_t code, std::string_view reason) {
    finished_ = true;
    if (!std::exchange(opened_, false) || !handlers_.on_close) return;
    try {
        handlers_.on_close(client_, code, reason);
    } catch (const std::exception& error) {
        print_error(std::string("on_close of a WebSocket: ") + error.what());
    }
}

void WebSocket::end_of_input() {
    if (!finished_) give_up();
}

std::string WebSocket::take_output() {
    if (client_->overflowed()) give_up();
    std::string output = std::exchange(control_output_, {});
    const bool goodbye_taken = client_->append_output(output, limits_.output_batch);
    if (goodbye_taken && !std::exchange(awaiting_close_, true)) {
        deadline_ = Clock::now() + limits_.close;
    }
    return output;
}

// The deadline is that of the next ping, of the answer to the last one, or of the answer to our
// goodbye. Only the first is no reason to give up.
void WebSocket::time_out() {
    if (awaiting_pong_ || awaiting_close_) return give_up();
    control_output_ += make_frame(Opcode::ping, "");
    awaiting_pong_ = true;
    deadline_ = Clock::now() + limits_.pong;
}

// What is queued goes out first; then the client has limits_.close to answer.
void WebSocket::stop() {
    client_->close(close_code::going_away, "The server stops.");
}
