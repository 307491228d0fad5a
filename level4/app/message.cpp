// See message.hpp.
#include "app/message.hpp"

#include <algorithm>

#include "number.hpp"

Json to_json(const Message& message) {
    return Json{{"id", message.id},
                {"name", message.name},
                {"email", message.email},
                {"message", message.message},
                {"created", message.created}};
}

Message to_message(const Json& json) {
    return {json.at("id").as_int(), json.at("name").as_string(), json.at("email").as_string(),
            json.at("message").as_string(), json.at("created").as_string()};
}

Json to_page_values(const Message& message) {
    Json values = to_json(message);
    std::string when = message.created;  // 2026-11-21T10:25:00Z
    std::replace(when.begin(), when.end(), 'T', ' ');
    if (when.ends_with('Z')) when.replace(when.size() - 1, 1, " UTC");
    values.set("when", when);
    return values;
}

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (text.starts_with(mark)) text.remove_prefix(mark.size());
    return text;
}

bool is_whole_line(std::string_view text) try {
    Json::parse(without_byte_order_mark(text));
    return true;
} catch (const JsonError&) {
    return false;
}

std::int64_t visible_id(std::string_view line) {
    constexpr std::string_view beginning = "{\"id\":";
    if (!line.starts_with(beginning)) return 0;
    line.remove_prefix(beginning.size());
    return parse_number<std::int64_t>(line.substr(0, line.find(','))).value_or(0);
}
