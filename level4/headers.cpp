// Header fields: see headers.hpp for what is promised.
#include "headers.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

// The functions of <cctype> depend on the locale; HTTP does not.
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_token_char(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
    if (!is_token(name)) throw std::invalid_argument("not a field name");
    if (!is_field_value(value)) throw std::invalid_argument("control character in a field value");
    fields_.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
    std::erase_if(fields_,
                  [&](const auto& field) { return equal_ignoring_case(field.first, name); });
    add(name, value);
}

const std::string* Headers::find(std::string_view name) const {
    for (const auto& [field_name, value] : fields_) {
        if (equal_ignoring_case(field_name, name)) return &value;
    }
    return nullptr;
}

std::size_t Headers::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        begin(), end(), [&](const auto& field) { return equal_ignoring_case(field.first, name); }));
}

std::string Headers::joined(std::string_view name) const {
    std::string list;
    for (const auto& [field_name, value] : fields_) {
        if (!equal_ignoring_case(field_name, name)) continue;
        if (!list.empty()) list += ", ";
        list += value;
    }
    return list;
}

bool Headers::lists(std::string_view name, std::string_view word) const {
    for (const auto& [field_name, value] : fields_) {
        if (!equal_ignoring_case(field_name, name)) continue;
        for (std::string_view rest = value; !rest.empty();) {
            const std::string_view item = rest.substr(0, rest.find(','));
            if (equal_ignoring_case(trim(item), word)) return true;
            rest.remove_prefix(std::min(rest.size(), item.size() + 1));
        }
    }
    return false;
}

bool is_token(std::string_view text) {
    for (const char c : text) {
        if (!is_token_char(c)) return false;
    }
    return !text.empty();
}

bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= ' ' && byte != 0x7f) || c == '\t';
    });
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}
