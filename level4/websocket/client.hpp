// The client of a WebSocket as the application sees it: messages can be sent to it from any thread,
// at any time, even after the connection is gone. Sending never waits: see stream/outbox.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "stream/outbox.hpp"
#include "websocket/frame.hpp"

// A text as a Room broadcasts it to WebSockets. It must be UTF-8.
SharedMessage text_message(std::string_view text);

class WebSocketClient : public Outbox {
  public:
    // `peer`: the client's address, as in Request.
    explicit WebSocketClient(std::size_t limit, std::string peer = {})
        : Outbox(limit), peer_(std::move(peer)) {}

    const std::string& peer() const { return peer_; }

    // Text must be UTF-8, because a browser closes the connection over a single wrong byte. False
    // if the message will never be sent: the client is gone, or doesn't read what it is sent.
    bool send_text(std::string_view text);
    bool send_binary(std::string_view bytes);

    // Says goodbye, after everything that was sent before. Does nothing if the goodbye has already
    // been said. Throws std::invalid_argument if the code must not be sent (is_close_code()).
    void close(std::uint16_t code = close_code::normal, std::string_view reason = {});

  private:
    const std::string peer_;
};
