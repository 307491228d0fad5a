// See message_fields.hpp. Lengths count characters (code points), not bytes, so that a message in
// Greek may be as long as one in English.
#include "app/message_fields.hpp"

#include <string_view>

#include "text.hpp"
#include "utf8.hpp"

namespace {

// U+0080 to U+009F, in UTF-8 C2 80 to C2 9F, are controls as well: a terminal that shows the file
// may take one for the beginning of a command.
bool has_control_character(std::string_view text, std::string_view allowed) {
    char previous = '\0';
    for (const char c : text) {
        const bool ends_c1 = previous == '\xC2' && static_cast<unsigned char>(c) <= 0x9F;
        if (ends_c1 || (is_control(c) && allowed.find(c) == std::string_view::npos)) return true;
        previous = c;
    }
    return false;
}

// Only typing mistakes can be caught without sending an e-mail. So an address needs one @ with text
// on both sides, no spaces, and at most 254 bytes (RFC 5321 §4.5.3.1.3).
bool looks_like_email(std::string_view text) {
    const auto at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           at == text.rfind('@') && text.size() <= 254 &&
           text.find(' ') == std::string_view::npos && text.back() != '.';
}

std::string tidy_text(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return "";
    std::string result;
    for (const char c : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1)) {
        if (c == '\n' && result.ends_with('\r')) result.pop_back();
        result += c;
    }
    return result;
}

}  // namespace

MessageFields tidy(const MessageFields& fields) {
    return {tidy_text(fields.name), tidy_text(fields.email), tidy_text(fields.message)};
}

Json find_mistakes(const MessageFields& fields) {
    Json mistakes = Json::object();
    const auto check = [&](const char* field, const std::string& text, const char* controls,
                           bool fine, const char* what) {
        if (!is_valid_utf8(text))
            mistakes.set(field, "This is not valid UTF-8.");
        else if (has_control_character(text, controls))
            mistakes.set(field, "There is a control character in this, which can't be shown.");
        else if (!fine)
            mistakes.set(field, what);
    };
    const auto between = [](const std::string& text, std::size_t most) {
        return !text.empty() && count_characters(text) <= most;
    };
    check("name", fields.name, "", between(fields.name, 100),
          "Please enter your name (1 to 100 characters).");
    check("email", fields.email, "", fields.email.empty() || looks_like_email(fields.email),
          "This does not look like an e-mail address. You may leave this field empty.");
    check("message", fields.message, "\n\t", between(fields.message, 2000),
          "Please enter a message (1 to 2,000 characters).");
    return mistakes;
}
