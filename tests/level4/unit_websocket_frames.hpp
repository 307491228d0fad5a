// What the WebSocket tests share: frames as a client sends them, and the server's frames in words,
// so that a table can say what is expected.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "websocket/websocket.hpp"

namespace client {

constexpr std::string_view mask = "\x37\xfa\x21\x3d";

inline std::string big_endian(std::uint64_t number, int size) {
    std::string bytes;
    for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>((number >> (8 * i)) & 0xFF);
    return bytes;
}

inline std::string masked(std::string_view payload) {
    std::string bytes(payload);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(bytes[i] ^ mask[i % 4]);
    }
    return bytes;
}

// `first` is the first byte of the header: 0x80 final, 0x70 reserved bits, 0x0F opcode. The
// extended length has `size` bytes, or as few as possible.
inline std::string frame(int first, std::string_view payload, int size = -1) {
    if (size < 0) size = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
    const std::uint64_t length = payload.size();
    std::string bytes(1, static_cast<char>(first));
    bytes += static_cast<char>(0x80 | (size == 0 ? length : size == 2 ? 126u : 127u));
    return bytes + big_endian(length, size) + std::string(mask) + masked(payload);
}

inline std::string text(std::string_view payload) {
    return frame(0x81, payload);
}
inline std::string binary(std::string_view payload) {
    return frame(0x82, payload);
}
inline std::string ping(std::string_view payload = "") {
    return frame(0x89, payload);
}
inline std::string pong(std::string_view payload = "") {
    return frame(0x8A, payload);
}
inline std::string close(std::uint64_t code, std::string_view reason = "") {
    return frame(0x88, big_endian(code, 2).append(reason));
}

// The frames of a message that comes in several.
inline std::string first_text(std::string_view payload) {
    return frame(0x01, payload);
}
inline std::string first_binary(std::string_view payload) {
    return frame(0x02, payload);
}
inline std::string middle(std::string_view payload) {
    return frame(0x00, payload);
}
inline std::string last(std::string_view payload) {
    return frame(0x80, payload);
}

}  // namespace client

// What a server has sent, as "text(Hello) pong() close(1002)". A payload of more than 20 bytes
// appears as its length. Every frame must be complete, final, unmasked and in its shortest form.
inline std::string describe(std::string_view output) {
    std::string words;
    while (!output.empty()) {
        REQUIRE(output.size() >= 2);
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(output[i]); };
        const unsigned first = byte(0);
        std::uint64_t length = byte(1);
        const std::size_t size = length == 126 ? 2 : length == 127 ? 8 : 0;
        REQUIRE(length < 128);  // or else the frame is masked
        REQUIRE(output.size() >= 2 + size);
        if (size > 0) length = 0;
        for (std::size_t i = 0; i < size; ++i) length = length << 8 | byte(2 + i);
        if (size > 0) REQUIRE(length >= (size == 2 ? 126u : 65536u));
        REQUIRE(output.size() - 2 - size >= length);

        const std::string_view payload = output.substr(2 + size, length);
        if (!words.empty()) words += ' ';
        words += first == 0x81   ? "text("
                 : first == 0x82 ? "binary("
                 : first == 0x88 ? "close("
                 : first == 0x89 ? "ping("
                 : first == 0x8A ? "pong("
                                 : "unexpected frame(";
        if (first == 0x88 && length >= 2) {
            words += std::to_string(static_cast<unsigned char>(payload[0]) << 8 |
                                    static_cast<unsigned char>(payload[1]));
            REQUIRE(is_valid_utf8(payload.substr(2)));
        } else {
            words += length > 20 ? std::to_string(length) : std::string(payload);
        }
        words += ')';
        output.remove_prefix(2 + size + static_cast<std::size_t>(length));
    }
    return words;
}

// Everything that a WebSocket has to send now, however many pieces that takes.
inline std::string drain(WebSocket& socket) {
    std::string all;
    for (std::string piece = socket.take_output(); !piece.empty(); piece = socket.take_output()) {
        all += piece;
    }
    return all;
}
