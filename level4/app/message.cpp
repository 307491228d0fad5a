// See message.hpp.
#include "app/message.hpp"

#include <algorithm>

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
