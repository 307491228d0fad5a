// See accept.hpp.
#include "accept.hpp"

#include <string>

#include "number.hpp"
#include "text.hpp"

namespace {

// A weight in thousandths, because it has three decimals at most (RFC 9110 §12.4.2): "0.5" is 500.
// One above 1 counts as 1.
int parse_weight(std::string_view text) {
    if (text.find_first_not_of("0123456789.") != std::string_view::npos) return 0;
    const auto whole = parse_number<int>(take_until(text, "."));
    std::string decimals(text);
    decimals.resize(3, '0');  // "5" becomes "500"
    const auto thousandths = parse_number<int>(decimals);
    if (!whole || !thousandths) return 0;
    return *whole > 0 ? 1000 : *thousandths;
}

// The weight among an item's parameters, such as "charset=utf-8;q=0.5". Without one it is 1.
int weight(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view value = take_list_item(parameters, ';');
        const std::string_view name = trim(take_until(value, "="));
        if (equal_ignoring_case(name, "q")) return parse_weight(trim(value));
    }
    return 1000;
}

// Does the first parameter ask for a special kind of the item? All our texts are in UTF-8.
bool is_special(std::string_view parameters) {
    const std::string_view name = trim(parameters.substr(0, parameters.find_first_of("=;")));
    return !name.empty() && !equal_ignoring_case(name, "q") &&
           !equal_ignoring_case(name, "charset");
}

// How closely a range names the item: see Preference. The kind of text/html is "text/".
int closeness(std::string_view range, std::string_view parameters, std::string_view item) {
    if (equal_ignoring_case(range, item)) return is_special(parameters) ? 3 : 4;
    if (range == "*" || range == "*/*") return 1;
    const std::string_view kind = item.substr(0, item.find('/') + 1);
    const bool covers =
        range.ends_with("/*") && equal_ignoring_case(range.substr(0, range.size() - 1), kind);
    return covers ? 2 : 0;
}

}  // namespace

int quality_of(const Headers& headers, std::string_view field, std::string_view item) {
    return preference_for(headers, field, item).quality;
}

Preference preference_for(const Headers& headers, std::string_view field, std::string_view item) {
    const std::string value = headers.joined(field);
    Preference found;
    for (std::string_view rest = value; !rest.empty();) {
        std::string_view parameters = take_list_item(rest);
        std::string_view name = take_list_item(parameters, ';');
        if (equal_ignoring_case(name, "x-gzip")) name = "gzip";  // its old name (§8.4.1.3)
        const int close = closeness(name, parameters, item);
        if (close > found.closeness) found = {weight(parameters), close};
    }
    return found;
}

bool accepts_gzip(const Headers& headers) {
    const int quality = quality_of(headers, "Accept-Encoding", "gzip");
    return quality > 0 && quality >= quality_of(headers, "Accept-Encoding", "identity");
}
