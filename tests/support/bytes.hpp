// Strings for tests: a text repeated, bytes in hexadecimal as standards print them, and a count of
// occurrences. Nothing here knows about servers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

inline std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) result += text;
    return result;
}

// Two lower-case digits for each byte.
inline std::string hex(std::string_view bytes) {
    std::string text;
    for (char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 0x0F];
    }
    return text;
}

// How often `what` occurs. Overlapping occurrences count.
inline std::size_t occurrences(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
        ++found;
    }
    return found;
}
