// Small tools for text that protocols are made of. They look at ASCII letters only and never at the
// locale, as HTTP asks for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

// Returns the text before the separator, and removes it and the separator from `text`. Without a
// separator that is all of it.
inline std::string_view take_until(std::string_view& text, std::string_view separator) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + separator.size(), text.size()));
    return part;
}

// Without the spaces and tabs around it (OWS, RFC 9110 §5.6.3).
inline std::string_view trim(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// Cuts off and returns the first item of a list, trimmed, and the separator after it (RFC 9110
// §5.6.1). A separator in a quoted string is part of the item, and a backslash in that string
// escapes the next character (§5.6.4), but not in a list of ETags (§8.8.3).
enum class Escapes { yes, no };
inline std::string_view take_list_item(std::string_view& list, char separator = ',',
                                       Escapes escapes = Escapes::yes) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < list.size() && (quoted || list[end] != separator); ++end) {
        if (list[end] == '"') quoted = !quoted;
        if (list[end] == '\\' && quoted && escapes == Escapes::yes) ++end;
    }
    const std::string_view item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return trim(item);
}

// Appends all the parts, and makes room for them once. None of them may point into the text itself,
// which may have to move.
inline void append(std::string& text, std::initializer_list<std::string_view> parts) {
    const std::size_t old_size = text.size();
    std::size_t size = old_size;
    for (const std::string_view part : parts) size += part.size();
    text.resize(size);
    char* end = text.data() + old_size;
    for (const std::string_view part : parts) end += part.copy(end, part.size());
}

// The parts as one text.
inline std::string concat(std::initializer_list<std::string_view> parts) {
    std::string text;
    append(text, parts);
    return text;
}

constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_letter(char c) {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_hex_digit(char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}

inline std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = to_lower(c);
    return result;
}

inline bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return to_lower(a) == to_lower(b); });
}

// A set of characters as a table, with a place for each of the 256. Every byte of a request is
// looked up in one, which costs the same however complicated the test that filled the table.
class CharacterSet {
  public:
    constexpr explicit CharacterSet(bool (*belongs)(char)) {
        for (std::size_t i = 0; i < table_.size(); ++i) table_[i] = belongs(static_cast<char>(i));
    }

    // How many characters at the beginning of the text are in the set.
    std::size_t span(std::string_view text) const {
        std::size_t size = 0;
        while (size < text.size() && table_[static_cast<unsigned char>(text[size])]) ++size;
        return size;
    }
    bool has_all_of(std::string_view text) const { return span(text) == text.size(); }

  private:
    std::array<bool, 256> table_{};
};

// RFC 9110 §5.6.2: the characters that methods and names of fields are made of.
inline constexpr CharacterSet token_characters([](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
});

inline bool is_token(std::string_view text) {
    return !text.empty() && token_characters.has_all_of(text);
}

// A byte that controls a terminal or a protocol instead of standing for a character.
constexpr bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// RFC 9110 §5.5: no control characters but the tab. Bytes from 0x80 on are allowed.
inline constexpr CharacterSet value_characters([](char c) { return !is_control(c) || c == '\t'; });

inline bool is_field_value(std::string_view text) {
    return value_characters.has_all_of(text);
}
