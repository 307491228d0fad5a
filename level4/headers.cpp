// Header fields: see headers.hpp for what is promised.
#include "headers.hpp"

#include <algorithm>
#include <stdexcept>

#include "text.hpp"

// Reserved with the first field, because growing from one field to ten would move them four times.
constexpr std::size_t usual_fields = 16;

void Headers::add(std::string_view name, std::string_view value) {
    if (!is_token(name)) throw std::invalid_argument("not a field name");
    if (!is_field_value(value)) throw std::invalid_argument("control character in a field value");
    add_checked(name, value);
}

void Headers::add_checked(std::string_view name, std::string_view value) {
    if (fields_.empty()) fields_.reserve(usual_fields);
    fields_.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
    const auto has_name = [&](const auto& field) { return equal_ignoring_case(field.first, name); };
    const auto first = std::find_if(fields_.begin(), fields_.end(), has_name);
    if (first == fields_.end()) return add(name, value);
    if (!is_field_value(value)) throw std::invalid_argument("control character in a field value");
    first->second = value;
    fields_.erase(std::remove_if(first + 1, fields_.end(), has_name), fields_.end());
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

const std::string* Headers::find_single(std::string_view name) const {
    return count(name) == 1 ? find(name) : nullptr;
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
            if (equal_ignoring_case(take_list_item(rest), word)) return true;
        }
    }
    return false;
}
