// SHA-1 as FIPS 180-4 §6.1 writes it, with its names (a to e, W, K), so that the two can be read
// side by side. SHA-256 is its successor: the padding is the same, and its rounds mix more.
#include "websocket/sha1.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "session/digest.hpp"

namespace {

using State = std::array<std::uint32_t, 5>;

// §4.1.1 and §4.2.1: the function that mixes the bits, and the constant, change every 20 rounds.
std::uint32_t f_and_K(std::size_t t, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    if (t < 20) return ((x & y) ^ (~x & z)) + 0x5a827999;
    if (t < 40) return (x ^ y ^ z) + 0x6ed9eba1;
    if (t < 60) return ((x & y) ^ (x & z) ^ (y & z)) + 0x8f1bbcdc;
    return (x ^ y ^ z) + 0xca62c1d6;
}

// §6.1.2: 16 words are the block itself, most significant byte first, and 64 more are made from
// them. Then 80 rounds mix them into the state.
void compress(State& state, std::string_view block) {
    std::array<std::uint32_t, 80> W{};
    for (std::size_t i = 0; i < digest::block_size; ++i) {
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

}  // namespace

std::string sha1(std::string_view message) {
    const State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};  // §5.3.1
    return digest::of(message, state, compress);
}
