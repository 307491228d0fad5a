// The value of a field, for unit tests to compare. It is "(none)" if there is no such field, so
// that a missing field isn't taken for an empty one.
#pragma once

#include <string>
#include <string_view>

#include "headers.hpp"
#include "response.hpp"

inline std::string value_of(const Headers& headers, std::string_view name) {
    const std::string* const value = headers.find(name);
    return value != nullptr ? *value : "(none)";
}

inline std::string value_of(const Response& response, std::string_view name) {
    return value_of(response.headers, name);
}
