// What SHA-1 and SHA-256 have in common (FIPS 180-4): a message is padded and cut into blocks, each
// block is stirred into a state of a few words, and the state at the end is the digest.
// Leaves out: hashing data in pieces. Padding copies the message, but ours are short.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace digest {

constexpr std::size_t block_size = 64;  // in bytes; both work on 512 bits at a time

// §5.1.1: appends a 1 bit, zeros, and the length in bits as 8 bytes, up to a multiple of the block
// size. Because of the length, no two messages are the same once they are padded.
inline std::string pad(std::string_view message) {
    std::string padded(message);
    padded += '\x80';
    while (padded.size() % block_size != block_size - 8) padded += '\0';
    const std::uint64_t length_in_bits = std::uint64_t{message.size()} * 8;
    for (int shift = 56; shift >= 0; shift -= 8) {
        padded += static_cast<char>((length_in_bits >> shift) & 0xFF);
    }
    return padded;
}

// `state` is the initial state (§5.3), and `compress` stirs a block into it (§6). The digest
// consists of the words of the last state, most significant byte first.
template <std::size_t Words>
std::string of(std::string_view message, std::array<std::uint32_t, Words> state,
               void (*compress)(std::array<std::uint32_t, Words>&, std::string_view block)) {
    const std::string padded = pad(message);
    for (std::size_t at = 0; at < padded.size(); at += block_size) {
        compress(state, std::string_view(padded).substr(at, block_size));
    }
    std::string bytes;
    for (const std::uint32_t word : state) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes += static_cast<char>((word >> shift) & 0xFF);
        }
    }
    return bytes;
}

}  // namespace digest
