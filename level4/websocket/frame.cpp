// Frames: see frame.hpp. The header, bit by bit (RFC 6455 §5.2):
//     byte 0   1 bit "final", 3 bits reserved, 4 bits opcode
//     byte 1   1 bit "masked", 7 bits length; 126 means that the next 2 bytes are the length, 127
//              that the next 8 are
//     then     4 bytes mask, if the frame is masked
#include "websocket/frame.hpp"

#include <algorithm>
#include <cstring>

#include "utf8.hpp"

namespace {

constexpr std::size_t control_limit = 125;  // bytes of payload in a control frame (§5.5)

[[noreturn]] void fail(const char* problem) {
    throw WebSocketError(close_code::protocol_error, problem);
}

unsigned char byte_at(std::string_view bytes, std::size_t position) {
    return static_cast<unsigned char>(bytes[position]);
}

// The size of the header, as far as the part that has come tells it.
std::size_t header_size(std::string_view part) {
    if (part.size() < 2) return 2;
    const int length = byte_at(part, 1) & 0x7F;
    const bool masked = (byte_at(part, 1) & 0x80) != 0;
    return std::size_t{2} + (length == 127 ? 8 : length == 126 ? 2 : 0) + (masked ? 4 : 0);
}

// The length must be written in as few bytes as possible, and below 2^63 (§5.2).
std::uint64_t parse_length(std::string_view header) {
    const std::uint64_t length = byte_at(header, 1) & 0x7F;
    if (length < 126) return length;
    const std::size_t size = length == 126 ? 2 : 8;
    std::uint64_t extended = 0;
    for (std::size_t i = 0; i < size; ++i) extended = (extended << 8) | byte_at(header, 2 + i);
    if (extended < (size == 2 ? 126u : 65536u)) fail("The length uses more bytes than it needs.");
    if (extended >> 63 != 0) fail("The length is too large.");
    return extended;
}

FrameHeader parse_header(std::string_view header) {
    const unsigned char first = byte_at(header, 0);
    if ((first & 0x70) != 0) fail("A reserved bit is set.");
    // Only the first three of the data opcodes (0 to 7) and of the control opcodes (8 to 15) exist.
    if ((first & 0x07) > 2) fail("The opcode is reserved.");
    // The mask isn't a secret. It sees to it that a script in a browser can't choose the bytes on
    // the wire, and so can't make a proxy on the way take them for HTTP (§10.3).
    if ((byte_at(header, 1) & 0x80) == 0) fail("A client must mask its frames.");
    FrameHeader result{(first & 0x80) != 0, Opcode(first & 0x0F), parse_length(header), {}};
    header.substr(header.size() - 4).copy(result.mask.data(), 4);

    if (result.is_control() && !result.final) fail("A control frame must not be fragmented.");
    if (result.is_control() && result.length > control_limit) fail("A control frame is too long.");
    return result;
}

}  // namespace

std::optional<FrameHeader> FrameHeaderReader::read(std::string_view& bytes) {
    while (partial_.size() < header_size(partial_)) {
        if (bytes.empty()) return std::nullopt;
        const std::size_t count = std::min(header_size(partial_) - partial_.size(), bytes.size());
        partial_ += bytes.substr(0, count);
        bytes.remove_prefix(count);
    }
    const FrameHeader header = parse_header(partial_);
    partial_.clear();
    return header;
}

// Eight bytes at a time, at a sixth of the cost of one at a time. That is all the speed we need.
// A cast would not do instead of memcpy(), because bytes in a string may lie at any address, and a
// number may not. Compilers turn each memcpy() into one instruction.
void append_unmasked(std::string& payload, std::string_view bytes, std::array<char, 4> mask,
                     std::uint64_t position) {
    std::array<char, 8> turned{};  // the mask twice, beginning with the first byte's
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(position + i) % 4];
    std::uint64_t mask_word = 0;
    std::memcpy(&mask_word, turned.data(), sizeof mask_word);

    std::size_t at = payload.size();
    payload += bytes;
    for (; payload.size() - at >= sizeof mask_word; at += sizeof mask_word) {
        std::uint64_t word = 0;
        std::memcpy(&word, payload.data() + at, sizeof word);
        word ^= mask_word;
        std::memcpy(payload.data() + at, &word, sizeof word);
    }
    for (std::size_t i = 0; at + i < payload.size(); ++i) {
        payload[at + i] = static_cast<char>(payload[at + i] ^ turned[i]);
    }
}

std::string make_frame(Opcode opcode, std::string_view payload) {
    const std::uint64_t length = payload.size();
    std::string frame;
    frame.reserve(payload.size() + 10);
    frame += static_cast<char>(0x80 | static_cast<unsigned char>(opcode));
    int bytes_of_length = 0;
    if (length < 126) {
        frame += static_cast<char>(length);
    } else {
        bytes_of_length = length < 65536 ? 2 : 8;
        frame += static_cast<char>(bytes_of_length == 2 ? 126 : 127);
    }
    for (int i = bytes_of_length - 1; i >= 0; --i) {
        frame += static_cast<char>((length >> (8 * i)) & 0xFF);
    }
    return frame += payload;
}

std::string make_close_frame(std::uint16_t code, std::string_view reason) {
    std::size_t size = std::min(reason.size(), control_limit - 2);
    // A byte 10xxxxxx continues a character, which must be cut off as a whole.
    while (size < reason.size() && size > 0 && (byte_at(reason, size) & 0xC0) == 0x80) --size;
    std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload += reason.substr(0, size);
    return make_frame(Opcode::close, payload);
}

// §7.4.2, and the list that IANA keeps: 1004 to 1006 and 1015 are never sent, the others up to 2999
// aren't defined yet, and there are no codes from 5000 on.
bool is_close_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

CloseReason parse_close(std::string_view payload) {
    if (payload.empty()) return {close_code::none, ""};
    if (payload.size() < 2) fail("A close code has two bytes.");
    const auto code = static_cast<std::uint16_t>(byte_at(payload, 0) << 8 | byte_at(payload, 1));
    const std::string_view text = payload.substr(2);
    if (!is_close_code(code)) fail("The close code is not valid.");
    if (!is_valid_utf8(text)) {
        throw WebSocketError(close_code::invalid_payload, "The close reason is not UTF-8.");
    }
    return {code, text};
}
