// Parsing a number that came from outside.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

// All of the text as a number, or nothing: std::from_chars() alone would stop at `12x` and call it
// 12. Decimal, without blanks or a plus sign; a minus sign only where the type has one.
template <typename Integer>
std::optional<Integer> parse_number(std::string_view text) {
    Integer number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}
