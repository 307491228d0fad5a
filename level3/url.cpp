// Decoding URLs: see url.hpp.
#include "url.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace {

// The byte that %XX at the beginning of the text names, or nothing if that is not there.
std::optional<char> escaped_byte(std::string_view text) {
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    unsigned byte = 0;
    const char* const end = text.data() + 3;
    const auto [stop, error] = std::from_chars(text.data() + 1, end, byte, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    return static_cast<char>(byte);
}

// One name or value of a query.
std::string decode_component(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = escaped_byte(text.substr(i));
        result += byte ? *byte : text[i] == '+' ? ' ' : text[i];
        if (byte) i += 2;
    }
    return result;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        const auto byte = escaped_byte(text.substr(i));
        if (!byte) return std::nullopt;
        result += *byte;
        i += 2;
    }
    return result;
}

QueryPairs parse_query(std::string_view query) {
    QueryPairs pairs;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::string_view name = pair.substr(0, pair.find('='));
        const std::string_view value = pair.substr(std::min(pair.size(), name.size() + 1));
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
