// Frames: the units that travel over a WebSocket (RFC 6455 §5.2). A frame is a header of 2 to 14
// bytes and a payload. A message is one data frame, or several that continue each other. Control
// frames (close, ping, pong) are short, and may come between the frames of a message.
// Leaves out: extensions, which are what the reserved bits are for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

enum class Opcode : unsigned char {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xA
};

// Why a conversation ends (§7.4.1). Applications may use 4000 to 4999 for reasons of their own.
namespace close_code {
constexpr std::uint16_t normal = 1000;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t none = 1005;      // never sent: there was no code in the close frame
constexpr std::uint16_t abnormal = 1006;  // never sent: there was no close frame
constexpr std::uint16_t invalid_payload = 1007;
constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t too_big = 1009;
constexpr std::uint16_t internal_error = 1011;
constexpr std::uint16_t try_again_later = 1013;  // not of the RFC: of IANA's list
constexpr std::uint16_t first_private = 3000;    // from here on a program's own (§7.4.2)
}  // namespace close_code

// The client's mistake. `code` and what() go into our close frame.
struct WebSocketError : std::runtime_error {
    WebSocketError(std::uint16_t code_to_send, const std::string& explanation)
        : std::runtime_error(explanation), code(code_to_send) {}
    std::uint16_t code;
};

struct FrameHeader {
    bool final;  // the last frame of its message
    Opcode opcode;
    std::uint64_t length;
    std::array<char, 4> mask;

    bool is_control() const { return opcode >= Opcode::close; }
};

// Reads the header of one frame after another. The bytes may come in pieces of any size.
class FrameHeaderReader {
  public:
    // Removes the bytes of the header from the front of `bytes`. Returns the header once it is
    // complete. Throws WebSocketError if a client must not send such a header.
    std::optional<FrameHeader> read(std::string_view& bytes);

  private:
    std::string partial_;  // never longer than 14 bytes, for which std::string allocates nothing
};

// Appends `bytes` to `payload` without their mask. `position` is where `bytes` begin in the payload
// of their frame, because the mask repeats every four bytes from the beginning of that (§5.3).
void append_unmasked(std::string& payload, std::string_view bytes, std::array<char, 4> mask,
                     std::uint64_t position);

// A complete frame as a server sends it: final and not masked.
std::string make_frame(Opcode opcode, std::string_view payload);

// A close frame. A reason of more than 123 bytes is cut between two characters.
std::string make_close_frame(std::uint16_t code, std::string_view reason);

// May this code be sent in a close frame (§7.4)?
bool is_close_code(std::uint16_t code);

struct CloseReason {
    std::uint16_t code;     // close_code::none if the frame was empty
    std::string_view text;  // UTF-8
};

// What a client's close frame says (§5.5.1). Throws WebSocketError if it must not say that.
CloseReason parse_close(std::string_view payload);
