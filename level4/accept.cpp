// See accept.hpp.
#include "accept.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace {

// The weight among an item's parameters, such as ";charset=utf-8;q=0.5" (RFC 9110 §12.4.2).
// Without one it is 1.
double weight(std::string_view parameters) {
    while (!parameters.empty()) {
        parameters.remove_prefix(1);
        const std::string_view parameter = parameters.substr(0, parameters.find(';'));
        parameters.remove_prefix(parameter.size());
        const auto equals = std::min(parameter.find('='), parameter.size());
        if (!equal_ignoring_case(trim(parameter.substr(0, equals)), "q")) continue;
        const std::string_view text =
            trim(parameter.substr(std::min(equals + 1, parameter.size())));
        double value = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && value > 0 ? std::min(value, 1.0) : 0;
    }
    return 1;
}

}  // namespace

double quality_of(const Headers& headers, std::string_view field, std::string_view item) {
    const std::string value = headers.joined(field);
    double any = 0;
    std::string_view rest = value;
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

bool accepts_gzip(const Headers& headers) {
    const double quality = quality_of(headers, "Accept-Encoding", "gzip");
    return quality > 0 && quality >= quality_of(headers, "Accept-Encoding", "identity");
}
