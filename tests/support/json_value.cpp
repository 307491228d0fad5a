// The reader of json_value.hpp: recursive descent, one function for each kind of value.
// A failure leaves the position past the end, so that nothing more is read.
#include "json_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "text.hpp"

namespace {

using Kind = JsonValue::Kind;

constexpr int max_depth = 30;

void append_utf8(std::string& text, std::uint32_t code) {
    auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
        add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        add(0xE0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3F));
    } else {
        add(0xF0 | code >> 18);
        add(0x80 | (code >> 12 & 0x3F));
        add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
}

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    std::optional<JsonValue> read() {
        JsonValue result = value(0);
        skip_spaces();
        if (failed_ || !text_.empty()) return std::nullopt;
        return result;
    }

  private:
    JsonValue fail() {
        failed_ = true;
        text_ = {};
        return {};
    }

    void skip_spaces() {
        while (!text_.empty() && contains(" \t\r\n", text_.substr(0, 1))) text_.remove_prefix(1);
    }

    bool skip(std::string_view token) {
        if (!text_.starts_with(token)) return false;
        text_.remove_prefix(token.size());
        return true;
    }

    JsonValue value(int depth) {
        skip_spaces();
        if (text_.empty() || depth > max_depth) return fail();
        if (text_.front() == '"') return {Kind::string, string(), {}};
        if (skip("{")) return members(Kind::object, '}', depth);
        if (skip("[")) return members(Kind::array, ']', depth);
        for (std::string word : {"true", "false", "null"})
            if (skip(word)) return {word == "null" ? Kind::null : Kind::boolean, word, {}};
        return number();
    }

    JsonValue number() {
        std::size_t length = std::min(text_.find_first_not_of("-+.eE0123456789"), text_.size());
        std::string written(text_.substr(0, length));
        char* end = nullptr;  // (libc++ has no std::from_chars for a double)
        const double parsed = std::strtod(written.c_str(), &end);
        bool padded = written.starts_with("0") && length > 1 && written[1] != '.';
        if (length == 0 || end != written.c_str() + length || written.starts_with("+") || padded ||
            !std::isfinite(parsed))
            return fail();
        text_.remove_prefix(length);
        return {Kind::number, written, {}};
    }

    JsonValue members(Kind kind, char close, int depth) {
        JsonValue result{kind, "", {}};
        skip_spaces();
        if (skip({&close, 1})) return result;
        while (!failed_) {
            std::string name;
            skip_spaces();
            if (kind == Kind::object) {
                name = string();
                skip_spaces();
                if (!skip(":")) return fail();
            }
            result.members.push_back({name, value(depth + 1)});
            skip_spaces();
            if (skip({&close, 1})) return result;
            if (!skip(",")) return fail();
        }
        return result;
    }

    std::string string() {
        std::string result;
        if (!skip("\"")) fail();
        while (!failed_) {
            if (skip("\"")) return result;
            if (text_.empty() || static_cast<unsigned char>(text_.front()) < 0x20) {
                fail();
            } else if (skip("\\")) {
                escape(result);
            } else {
                result += text_.front();
                text_.remove_prefix(1);
            }
        }
        return "";
    }

    void escape(std::string& result) {
        static constexpr std::string_view letters = "\"\\/bfnrt";
        static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (skip("u")) return append_utf8(result, code_point());
        std::size_t which = text_.empty() ? std::string_view::npos : letters.find(text_.front());
        if (which == std::string_view::npos) {
            fail();
            return;
        }
        result += meanings[which];
        text_.remove_prefix(1);
    }

    std::uint32_t four_digits() {
        std::uint32_t code = 0;
        const char* digits = text_.data();
        if (text_.size() < 4 || std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4)
            fail();
        else
            text_.remove_prefix(4);
        return code;
    }

    // A character past U+FFFF is two escapes, a pair of surrogates (RFC 8259 §7).
    std::uint32_t code_point() {
        std::uint32_t first = four_digits();
        if (first < 0xD800 || first > 0xDFFF) return first;
        if (first > 0xDBFF || !skip("\\u")) fail();
        std::uint32_t second = four_digits();
        if (second < 0xDC00 || second > 0xDFFF) fail();
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }

    std::string_view text_;
    bool failed_ = false;
};

}  // namespace

const JsonValue& JsonValue::operator[](std::string_view name) const {
    static const JsonValue missing;
    for (const auto& [member, value] : members)
        if (member == name) return value;
    return missing;
}

const JsonValue& JsonValue::operator[](std::size_t index) const {
    return members.at(index).value;
}

std::size_t JsonValue::size() const {
    return members.size();
}

std::optional<JsonValue> parse_json(std::string_view text) {
    return Reader(text).read();
}

std::string json_string(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string result = "\"";
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            result += {'\\', c};
        else if (byte < 0x20)
            result += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        else
            result += c;
    }
    return result + "\"";
}

JsonValue expect_json(const Exchange& exchange, const Reason& reason, Where where) {
    std::string type = exchange.reply.value("Content-Type");
    std::string kind(trimmed(split(lower(type), ';').front()));
    expect(kind == "application/json", exchange, "Content-Type: application/json",
           exchange.reply.complete() ? "Content-Type: " + type : "", reason, where);
    std::optional<JsonValue> value = parse_json(exchange.reply.body);
    expect(value.has_value(), exchange, "a body that is JSON (RFC 8259)",
           exchange.reply.complete() ? "a body that is not" : "", reason, where);
    return value.value_or(JsonValue{});
}
