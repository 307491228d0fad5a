// See accept.hpp.
#include "accept.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

#include "text.hpp"

namespace {

// The weight among an item's parameters, such as ";charset=utf-8;q=0.5" (RFC 9110 §12.4.2).
// Without one it is 1.
double weight(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view value = take_list_item(parameters, ';');
        if (!equal_ignoring_case(trim(take_until(value, "=")), "q")) continue;
        value = trim(value);
        if (value.find_first_not_of("0123456789.") != std::string_view::npos) return 0;
        double number = 0;
        const auto error = std::from_chars(value.data(), value.data() + value.size(), number).ec;
        return error == std::errc() && number > 0 ? std::min(number, 1.0) : 0;
    }
    return 1;
}

}  // namespace

double quality_of(const Headers& headers, std::string_view field, std::string_view item) {
    const std::string value = headers.joined(field);
    double any = 0;
    for (std::string_view rest = value; !rest.empty();) {
        std::string_view parameters = take_list_item(rest);
        std::string_view name = take_list_item(parameters, ';');
        if (equal_ignoring_case(name, "x-gzip")) name = "gzip";  // its old name (§8.4.1.3)
        if (equal_ignoring_case(name, item)) return weight(parameters);
        if (name == "*") any = weight(parameters);
    }
    return any;
}

bool accepts_gzip(const Headers& headers) {
    const double quality = quality_of(headers, "Accept-Encoding", "gzip");
    return quality > 0 && quality >= quality_of(headers, "Accept-Encoding", "identity");
}
