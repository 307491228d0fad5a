// Base64 regroups bits. Bytes of 8 bits go into a small reservoir and leave it as digits of 6 bits,
// or the other way round. The alphabet is a parameter. Padding is handled outside.
#include "session/base64.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view alphabet) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    // Bits that were written stay in the reservoir until they are shifted out at the top.
    std::uint32_t reservoir = 0;
    unsigned bits = 0;  // how many bits are still to be written; fewer than 6 between two bytes
    for (char c : bytes) {
        reservoir = (reservoir << 8) | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6;) {
            bits -= 6;
            text += alphabet[(reservoir >> bits) & 0x3F];
        }
    }
    // If 2 or 4 bits are left, zeros fill them up to a last digit.
    if (bits > 0) text += alphabet[(reservoir << (6 - bits)) & 0x3F];
    return text;
}

std::optional<std::string> decode(std::string_view text, std::string_view alphabet) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t reservoir = 0;
    unsigned bits = 0;
    for (char c : text) {
        // A table would be faster than this search, but our texts are short.
        const std::size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        reservoir = (reservoir << 6) | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>((reservoir >> bits) & 0xFF);
        }
    }
    // If 6 bits are left, there is one digit too many. If 2 or 4 are left, they must be zeros.
    const bool filled_with_zeros = (reservoir & ((1U << bits) - 1)) == 0;
    if (bits == 6 || !filled_with_zeros) return std::nullopt;
    return bytes;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string text = encode(bytes, standard_alphabet);
    while (text.size() % 4 != 0) text += '=';
    return text;
}

std::string base64url_encode(std::string_view bytes) {
    return encode(bytes, url_alphabet);
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    // At most two `=` are removed. A third one is then refused as a foreign character.
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    return decode(text, standard_alphabet);
}

std::optional<std::string> base64url_decode(std::string_view text) {
    return decode(text, url_alphabet);
}
