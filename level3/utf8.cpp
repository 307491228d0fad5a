// Follows the grammar of RFC 3629 §4 byte by byte. The state between two bytes is only a count and
// a range, so the text may arrive in pieces.
#include "utf8.hpp"

#include <algorithm>

bool Utf8Validator::feed(std::string_view bytes) {
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

// The first byte of a character says how many follow. Four first bytes also limit the second one.
// Without that, a character could take more bytes than it needs (E0, F0: "overlong", an old trick
// to hide a slash from a filter), be half of a UTF-16 pair (ED), or lie past U+10FFFF (F4).
bool Utf8Validator::begin_character(unsigned char byte) {
    if (byte <= 0x7F) return true;  // ASCII
    if (byte < 0xC2) return false;  // a continuation byte, or an overlong form of ASCII
    if (byte <= 0xDF) {
        missing_ = 1;
    } else if (byte <= 0xEF) {
        missing_ = 2;
        if (byte == 0xE0) lowest_ = 0xA0;
        if (byte == 0xED) highest_ = 0x9F;
    } else if (byte <= 0xF4) {
        missing_ = 3;
        if (byte == 0xF0) lowest_ = 0x90;
        if (byte == 0xF4) highest_ = 0x8F;
    } else {
        return false;
    }
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
