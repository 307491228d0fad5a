// See origin.hpp.
#include "session/origin.hpp"

#include <string>
#include <string_view>

#include "text.hpp"

bool is_same_origin(const Headers& headers) {
    const std::string* const host = headers.find("Host");
    if (headers.count("Origin") != 1 || host == nullptr) return false;
    const std::string_view origin = *headers.find("Origin");
    const auto scheme_end = origin.find("://");
    return scheme_end != std::string_view::npos &&
           equal_ignoring_case(origin.substr(scheme_end + 3), *host);
}
