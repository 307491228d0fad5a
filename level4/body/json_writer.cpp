// Writing JSON: the shape of a value decides which function writes it (RFC 8259 §3).
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "body/json.hpp"
#include "body/json_escapes.hpp"
#include "utf8.hpp"

namespace {

// §7 demands an escape for quotes, backslashes and control characters. We also escape '<', because
// "</script>" in a string would end the script element around it.
void append_escape(std::string& out, char c) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out += '\\';
    const std::size_t which = escape_meanings.find(c);
    if (which != std::string_view::npos) {
        out += escape_letters[which];
    } else {
        out += "u00";
        out += hex[static_cast<unsigned char>(c) / 16];
        out += hex[static_cast<unsigned char>(c) % 16];
    }
}

// UTF-8 stays as it is, and is copied in runs. Text that isn't UTF-8 should have been refused on its
// way in. If it wasn't, one broken name must not make the whole document unreadable.
void append_string(std::string& out, std::string_view text) {
    const bool valid = is_valid_utf8(text);
    std::size_t copied = 0;
    out += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool broken = byte >= 0x80 && !valid;
        if (byte >= ' ' && byte != '"' && byte != '\\' && byte != '<' && !broken) continue;
        out += text.substr(copied, i - copied);
        copied = i + 1;
        if (broken) {
            out += "\\ufffd";
        } else {
            append_escape(out, text[i]);
        }
    }
    out += text.substr(copied);
    out += '"';
}

// Writes the fewest digits that read back as the same double, and ".0" after a whole number, which
// would otherwise read back as an integer.
void append_double(std::string& out, double number) {
    if (!std::isfinite(number)) throw JsonError("NaN and infinity can't be written as JSON");
    char buffer[32];  // the longest double has 24 characters
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
    const std::string_view digits(buffer, static_cast<std::size_t>(end - buffer));
    out += digits;
    if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_value(std::string& out, const Json& value);

void append_array(std::string& out, const Json::Array& items) {
    std::string_view separator = "";
    out += '[';
    for (const Json& item : items) {
        out += separator;
        append_value(out, item);
        separator = ",";
    }
    out += ']';
}

void append_object(std::string& out, const Json::Object& members) {
    std::string_view separator = "";
    out += '{';
    for (const Json::Member& member : members) {
        out += separator;
        append_string(out, member.name);
        out += ':';
        append_value(out, member.value);
        separator = ",";
    }
    out += '}';
}

// The recursion is as deep as the value, which is our own or has passed the parser's limit.
void append_value(std::string& out, const Json& value) {
    if (value.is_null()) {
        out += "null";
    } else if (value.is_bool()) {
        out += value.as_bool() ? "true" : "false";
    } else if (value.is_int()) {  // before is_number(), which is true for both
        out += std::to_string(value.as_int());
    } else if (value.is_number()) {
        append_double(out, value.as_double());
    } else if (value.is_string()) {
        append_string(out, value.as_string());
    } else if (value.is_array()) {
        append_array(out, value.as_array());
    } else {
        append_object(out, value.as_object());
    }
}

}  // namespace

std::string Json::dump() const {
    std::string out;
    append_value(out, *this);
    return out;
}
