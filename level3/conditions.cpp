// See conditions.hpp.
#include "conditions.hpp"

#include <array>
#include <cstddef>

#include "text.hpp"

namespace {

// The year of a date whose year has two digits, such as 94. The date is at most 50 years ahead (RFC
// 9110 §5.6.7). Years count from 1900, as in std::tm.
int full_year(std::tm date) {
    const std::time_t now = std::time(nullptr);
    std::tm latest{};
    gmtime_r(&now, &latest);
    date.tm_year = latest.tm_year - latest.tm_year % 100 + date.tm_year % 100;
    latest.tm_year += 50;
    return timegm(&date) > timegm(&latest) ? date.tm_year - 100 : date.tm_year;
}

// The date that has this form, or nothing. strptime() takes 31 February and 24:00:00, white space
// anywhere, and any weekday. Written again, such a date reads differently.
std::optional<std::time_t> parse_date_as(const char* form, const std::string& text) {
    std::tm utc{};
    const char* const end = strptime(text.c_str(), form, &utc);
    if (end == nullptr || *end != '\0') return std::nullopt;
    if (std::string_view(form).find("%y") != std::string_view::npos) {
        utc.tm_year = full_year(utc);
    }
    const std::time_t time = timegm(&utc);  // finds the weekday, and makes 31 February 3 March
    std::array<char, 64> again{};
    const std::size_t size = std::strftime(again.data(), again.size(), form, &utc);
    if (std::string_view(again.data(), size) != text) return std::nullopt;
    return time;
}

// The date in this field, in any of the three forms (RFC 9110 §5.6.7). Nothing if the field is
// missing, appears twice, or isn't a date. A leap second (23:59:60) isn't taken for one.
std::optional<std::time_t> date_in(const Headers& headers, std::string_view name) {
    const auto* const value = headers.find_single(name);
    if (value == nullptr) return std::nullopt;
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        if (const auto date = parse_date_as(form, *value)) return date;
    }
    return std::nullopt;
}

enum class Comparison { strong, weak };

// Is the ETag in a list such as "a", W/"b"? Or is the field *, which stands for any version?
bool lists_etag(const Headers& headers, std::string_view name, std::string_view etag,
                Comparison comparison) {
    const std::string field = headers.joined(name);
    if (field == "*") return true;
    for (std::string_view list = field; !list.empty();) {
        std::string_view tag = take_list_item(list, ',', Escapes::no);
        if (comparison == Comparison::weak && tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag) return true;
    }
    return false;
}

}  // namespace

int check_conditions(const Headers& headers, std::string_view etag,
                     std::optional<std::time_t> modified) {
    if (headers.find("If-Match") != nullptr) {
        if (!lists_etag(headers, "If-Match", etag, Comparison::strong)) return 412;
    } else if (const auto date = date_in(headers, "If-Unmodified-Since")) {
        if (modified && *modified > *date) return 412;
    }
    if (headers.find("If-None-Match") != nullptr) {
        if (lists_etag(headers, "If-None-Match", etag, Comparison::weak)) return 304;
    } else if (const auto date = date_in(headers, "If-Modified-Since")) {
        if (modified && *modified <= *date) return 304;
    }
    return 200;
}

bool if_range_holds(const Headers& headers, std::string_view etag) {
    if (headers.find("If-Range") == nullptr) return true;
    const auto* const condition = headers.find_single("If-Range");
    return condition != nullptr && *condition == etag;
}
