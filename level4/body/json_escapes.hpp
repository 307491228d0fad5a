// The one-letter escapes of RFC 8259 §7, which the parser reads and the writer writes.
#pragma once

#include <string_view>

// The letters after the backslash, and in the same places the characters that they stand for.
constexpr std::string_view escape_letters = "\"\\/bfnrt";
constexpr std::string_view escape_meanings = "\"\\/\b\f\n\r\t";
