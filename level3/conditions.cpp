// See conditions.hpp.
#include "conditions.hpp"

#include <optional>

#include "text.hpp"

namespace {

// An HTTP date in any of its three forms (RFC 9110 §5.6.7), or nothing.
std::optional<std::time_t> parse_http_date(const std::string& text) {
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
        std::tm utc{};
        const char* const end = strptime(text.c_str(), form, &utc);
        if (end != nullptr && *end == '\0') return timegm(&utc);
    }
    return std::nullopt;
}

std::optional<std::time_t> date_in(const Headers& headers, std::string_view name) {
    const auto* const value = headers.find(name);
    return value != nullptr ? parse_http_date(*value) : std::nullopt;
}

// Is the ETag in a list such as "a", W/"b" or *? A comma inside a quoted tag cuts that tag in two,
// but then neither half equals one of ours, which have no comma.
enum class Comparison { strong, weak };
bool lists_etag(std::string_view list, std::string_view etag, Comparison comparison) {
    while (!list.empty()) {
        std::string_view candidate = trim(take_until(list, ","));
        if (candidate == "*") return true;
        if (comparison == Comparison::weak && candidate.starts_with("W/")) {
            candidate.remove_prefix(2);
        }
        if (candidate == etag) return true;
    }
    return false;
}

}  // namespace

int check_conditions(const Headers& headers, std::string_view etag, std::time_t modified) {
    if (headers.find("If-Match") != nullptr) {
        if (!lists_etag(headers.joined("If-Match"), etag, Comparison::strong)) return 412;
    } else if (const auto date = date_in(headers, "If-Unmodified-Since")) {
        if (modified > *date) return 412;
    }
    if (headers.find("If-None-Match") != nullptr) {
        if (lists_etag(headers.joined("If-None-Match"), etag, Comparison::weak)) return 304;
    } else if (const auto date = date_in(headers, "If-Modified-Since")) {
        if (modified <= *date) return 304;
    }
    return 200;
}

bool if_range_holds(const Headers& headers, const std::string& etag, std::time_t modified) {
    const auto* const condition = headers.find("If-Range");
    return condition == nullptr || *condition == etag || parse_http_date(*condition) == modified;
}
