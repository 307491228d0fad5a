// See accept.hpp.
#include "accept.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace {

// The weight behind an item, ";q=0.5" (RFC 9110 §12.4.2). Without one it is 1.
double weight(std::string_view parameters) {
    const auto equals = parameters.find('=');
    if (equals == std::string_view::npos) return 1;
    const std::string_view name = trim(parameters.substr(1, equals - 1));
    const std::string_view text = trim(parameters.substr(equals + 1));
    if (!equal_ignoring_case(name, "q")) return 1;
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && value > 0 ? std::min(value, 1.0) : 0;
}

}  // namespace

double quality_of(const Headers& headers, std::string_view field, std::string_view item) {
    const std::string* const value = headers.find(field);
    double any = 0;
    std::string_view rest;
    if (value != nullptr) rest = *value;
    while (!rest.empty()) {
        const std::string_view entry = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
        const std::string_view name = trim(entry.substr(0, entry.find(';')));
        const std::string_view parameters = entry.substr(std::min(entry.find(';'), entry.size()));
        if (equal_ignoring_case(name, item)) return weight(parameters);
        if (name == "*") any = weight(parameters);
    }
    return any;
}
