// SHA-1 as FIPS 180-4 §6.1 writes it, with its names (a to e, W, K), so that the two can be read
// side by side. It is the elder sister of SHA-256: the same padding, a simpler stirring.
#include "websocket/sha1.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t block_size = 64;  // bytes; SHA-1 works on 512 bits at a time

using State = std::array<std::uint32_t, 5>;

// §4.1.1 and §4.2.1: the function that mixes bits and the constant change every 20 rounds.
std::uint32_t f_and_K(std::size_t t, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    if (t < 20) return ((x & y) ^ (~x & z)) + 0x5a827999;
    if (t < 40) return (x ^ y ^ z) + 0x6ed9eba1;
    if (t < 60) return ((x & y) ^ (x & z) ^ (y & z)) + 0x8f1bbcdc;
    return (x ^ y ^ z) + 0xca62c1d6;
}

// §6.1.2: 16 words are the block itself, most significant byte first, 64 are mixed from them; then
// 80 rounds stir them into the state.
void compress(State& state, std::string_view block) {
    std::array<std::uint32_t, 80> W{};
    for (std::size_t i = 0; i < block_size; ++i) {
        W[i / 4] = (W[i / 4] << 8) | static_cast<unsigned char>(block[i]);
    }
    for (std::size_t t = 16; t < W.size(); ++t) {
        W[t] = std::rotl(W[t - 3] ^ W[t - 8] ^ W[t - 14] ^ W[t - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t t = 0; t < W.size(); ++t) {
        const std::uint32_t T = std::rotl(a, 5) + f_and_K(t, b, c, d) + e + W[t];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = T;
    }
    const State mixed = {a, b, c, d, e};
    for (std::size_t i = 0; i < state.size(); ++i) state[i] += mixed[i];
}

// §5.1.1: a 1 bit, zeros, and the length in bits as 8 bytes, to a multiple of the block size.
std::string pad(std::string_view message) {
    std::string padded(message);
    padded += '\x80';
    while (padded.size() % block_size != block_size - 8) padded += '\0';
    const std::uint64_t length_in_bits = std::uint64_t{message.size()} * 8;
    for (int shift = 56; shift >= 0; shift -= 8) {
        padded += static_cast<char>((length_in_bits >> shift) & 0xFF);
    }
    return padded;
}

}  // namespace

std::string sha1(std::string_view message) {
    State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};  // §5.3.1
    const std::string padded = pad(message);
    for (std::size_t at = 0; at < padded.size(); at += block_size) {
        compress(state, std::string_view(padded).substr(at, block_size));
    }
    std::string digest;
    for (std::uint32_t word : state) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            digest += static_cast<char>((word >> shift) & 0xFF);
        }
    }
    return digest;
}
