// The value of a field, as unit tests compare it: "(none)" where there is no such field, so that a
// missing one and an empty one are not taken for each other.
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
