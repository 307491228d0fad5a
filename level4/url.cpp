// Decoding URLs: see url.hpp.
#include "url.hpp"

#include <algorithm>
#include <charconv>

#include "text.hpp"

namespace {

// The byte that %XX names, or nothing if the text does not begin with one.
std::optional<char> escaped_byte(std::string_view text) {
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    if (!is_hex_digit(text[1]) || !is_hex_digit(text[2])) return std::nullopt;
    unsigned byte = 0;
    std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
    return static_cast<char>(byte);
}

// One name or value of a query.
std::string decode_component(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (const auto byte = escaped_byte(text.substr(i))) {
            result += *byte;
            i += 2;
        } else {
            result += text[i] == '+' ? ' ' : text[i];
        }
    }
    return result;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (;;) {
        const std::size_t plain = std::min(text.find('%'), text.size());
        result += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return result;
        const auto byte = escaped_byte(text);
        if (!byte) return std::nullopt;
        result += *byte;
        text.remove_prefix(3);
    }
}

QueryPairs parse_query(std::string_view query) {
    QueryPairs pairs;
    while (!query.empty()) {
        std::string_view value = take_until(query, "&");
        if (value.empty()) continue;
        const std::string_view name = take_until(value, "=");
        pairs.emplace_back(decode_component(name), decode_component(value));
    }
    return pairs;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    for (auto& [pair_name, value] : parse_query(query)) {
        if (pair_name == name) return std::move(value);
    }
    return std::nullopt;
}
