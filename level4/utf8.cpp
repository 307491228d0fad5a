// Follows the grammar of RFC 3629 §4 byte by byte. The state between two bytes is only a count and
// a range, so the text may arrive in pieces.
#include "utf8.hpp"

#include <algorithm>

namespace {

// Looks at every byte, because then the compiler makes it look at many of them at once.
bool is_ascii(std::string_view text) {
    unsigned char all = 0;
    for (const char c : text) all |= static_cast<unsigned char>(c);
    return all <= 0x7F;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) {
    if (missing_ == 0 && is_ascii(bytes)) return valid_;  // most text, and twenty times as fast
    for (char c : bytes) {
        if (!valid_) return false;
        const auto byte = static_cast<unsigned char>(c);
        if (missing_ == 0) {
            valid_ = begin_character(byte);
        } else {
            valid_ = byte >= lowest_ && byte <= highest_;
            --missing_;
            // Only the first continuation byte may have a narrower range.
            lowest_ = 0x80;
            highest_ = 0xBF;
        }
    }
    return valid_;
}

// The first byte of a character says how many follow, and four first bytes also limit the second
// one. "Overlong" is a character that takes more bytes than it needs, an old trick to hide a slash
// from a filter.
bool Utf8Validator::begin_character(unsigned char byte) {
    if (byte <= 0x7F) return true;                 // ASCII
    if (byte < 0xC2 || byte > 0xF4) return false;  // continues one, is overlong, or past U+10FFFF
    missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    if (byte == 0xE0) lowest_ = 0xA0;   // less would be overlong
    if (byte == 0xED) highest_ = 0x9F;  // more would be half of a UTF-16 pair
    if (byte == 0xF0) lowest_ = 0x90;   // less would be overlong
    if (byte == 0xF4) highest_ = 0x8F;  // more would lie past U+10FFFF
    return true;
}

std::size_t character_length(std::string_view text) {
    Utf8Validator validator;
    for (std::size_t size = 1; size <= std::min<std::size_t>(text.size(), 4); ++size) {
        if (!validator.feed(text.substr(size - 1, 1))) return 0;
        if (validator.complete()) return size;
    }
    return 0;
}

bool is_valid_utf8(std::string_view text) {
    Utf8Validator validator;
    validator.feed(text);
    return validator.complete();
}

// Every byte except a continuation byte (10xxxxxx) begins a character.
std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}
