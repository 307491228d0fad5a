// A WebSocket client of the tests' own (RFC 6455), on top of Client. It sends good frames and bad
// ones, and reads what comes back strictly. Shares no code with the servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "expect.hpp"

enum Opcode { op_continuation = 0, op_text = 1, op_binary = 2, op_close = 8, op_ping, op_pong };

// How a frame is made; the defaults make a good one.
struct Making {
    bool final = true;
    int reserved = 0;         // the three bits, as a number from 0 to 7
    bool masked = true;       // as every frame of a client has to be (§5.3)
    int length_bytes = 0;     // the size of the extended length, 2 or 8; 0: as few as possible
    long long announced = 0;  // a length to announce in place of the payload's
};
std::string frame(int opcode, std::string_view payload, const Making& making = {});

// The payload of a close frame.
std::string close_payload(int code, std::string_view reason = {});

// The request that opens a WebSocket. `fields` come after those that every handshake has. A field
// of the same name replaces one of those, and an empty one ("Upgrade:") removes it.
std::string handshake(std::string_view target, const std::vector<std::string>& fields = {});

// A frame that the server sent, or why there is none.
struct Frame {
    int opcode = -1;  // -1: there is no frame, and `problem` says why
    bool final = true;
    std::string payload;
    std::string problem;

    int close_code() const;           // 0 if there is none
    std::string description() const;  // "text 'hello'", "close 1002", "nothing until the deadline"
};

class WebSocket {
  public:
    // Opens a WebSocket and checks that the reply is 101. `then` is sent along with the handshake.
    explicit WebSocket(std::string_view target, ServerProcess& server = shared_server(),
                       std::string_view then = {}, int receive_buffer = 0,
                       Where where = Where::here());

    void send(std::string_view bytes) { client_.send(bytes); }
    void say(std::string_view text) { send(frame(op_text, text)); }
    void reset() { client_.reset(); }
    Client& client() { return client_; }

    // The next frame, of whatever kind.
    Frame read_frame(double seconds = reply_patience());
    // The next message, put together if it came in parts, or a close frame. The server's pings are
    // answered on the way, and its pongs skipped.
    Frame read_message(double seconds = reply_patience());

    bool ended() { return client_.ended(); }
    Exchange so_far() { return client_.so_far(); }

  private:
    Client client_;
};

// The next message, or control frame, is this one. Returns whether it is, so that a loop can stop.
bool expect_message(WebSocket& socket, int opcode, std::string_view payload, const Reason& reason,
                    Where where = Where::here());
// The next thing the server sends is a close frame with one of these codes (0: without a code).
void expect_close_frame(WebSocket& socket, const Statuses& codes, const Reason& reason,
                        Where where = Where::here());
// The server closes the connection cleanly, without another byte.
void expect_end(WebSocket& socket, Where where = Where::here());
// The server sends such a close frame, then closes the connection cleanly.
void expect_goodbye(WebSocket& socket, const Statuses& codes, const Reason& reason,
                    Where where = Where::here());
// The server echoes this text on this connection.
bool expect_echo(WebSocket& socket, std::string_view text, const Reason& reason,
                 Where where = Where::here());
