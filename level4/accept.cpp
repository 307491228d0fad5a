// See accept.hpp.
#include "accept.hpp"

#include <algorithm>
#include <string>

#include "number.hpp"
#include "text.hpp"

namespace {

// The weight among an item's parameters, such as ";charset=utf-8;q=0.5", in thousandths, because it
// has three decimals at most (RFC 9110 §12.4.2). Without one it is 1.
int weight(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view value = take_list_item(parameters, ';');
        if (!equal_ignoring_case(trim(take_until(value, "=")), "q")) continue;
        value = trim(value);
        if (value.find_first_not_of("0123456789.") != std::string_view::npos) return 0;
        const auto whole = parse_number<int>(take_until(value, "."));
        // What is left of "0.5" is "5", and with zeros after it "500".
        const auto thousandths = parse_number<int>(std::string(value).append("000").substr(0, 3));
        if (!whole || !thousandths) return 0;
        return std::min(std::min(*whole, 1) * 1000 + *thousandths, 1000);
    }
    return 1000;
}

}  // namespace

int quality_of(const Headers& headers, std::string_view field, std::string_view item) {
    const std::string value = headers.joined(field);
    int any = 0;
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
    const int quality = quality_of(headers, "Accept-Encoding", "gzip");
    return quality > 0 && quality >= quality_of(headers, "Accept-Encoding", "identity");
}
