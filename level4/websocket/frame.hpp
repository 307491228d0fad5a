// Frames: what the bytes of a WebSocket are divided into (RFC 6455 §5.2). A frame is a header of 2
// to 14 bytes and a payload. A message is one data frame, or several that continue each other;
// control frames (close, ping, pong) are short and may stand between those.
// Leaves out: extensions, and with them the reserved bits.
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

// Why a conversation ends (§7.4.1). Applications have 4000 to 4999 for reasons of their own.
namespace close_code {
constexpr std::uint16_t normal = 1000;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t none = 1005;      // never sent: a close frame came, but without a code
constexpr std::uint16_t abnormal = 1006;  // never sent: the end came without a close frame
constexpr std::uint16_t invalid_payload = 1007;
constexpr std::uint16_t too_big = 1009;
constexpr std::uint16_t internal_error = 1011;
}  // namespace close_code

// What the client did wrong. `code` is what the close frame says.
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

// Reads one header of a client's frame after the other; bytes may come in pieces of any size.
class FrameHeaderReader {
  public:
    // Removes from the front of `bytes` what belongs to the header; returns it when it is whole.
    // Throws WebSocketError if a client must not send such a header.
    std::optional<FrameHeader> read(std::string_view& bytes);

  private:
    std::string partial_;  // never longer than 14 bytes, for which std::string allocates nothing
};

// Appends `bytes` to `payload` without their mask. `position` is where in the payload of the frame
// the bytes begin, since the mask repeats every four bytes from its beginning (§5.3).
void append_unmasked(std::string& payload, std::string_view bytes, std::array<char, 4> mask,
                     std::uint64_t position);

// A whole frame as a server sends it: final and not masked.
std::string make_frame(Opcode opcode, std::string_view payload);

// A close frame. A reason that would be too long for a control frame is cut between two characters.
std::string make_close_frame(std::uint16_t code, std::string_view reason);

// May this code stand in a close frame (§7.4)?
bool is_close_code(std::uint16_t code);
