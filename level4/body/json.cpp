// The parser reads one character ahead and has one function for each rule of the grammar in RFC
// 8259 §2 to §7. It keeps no count of lines: an error is rare, and counts them then.
#include "body/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "utf8.hpp"

// --- Parsing ---

namespace {

// The one-letter escapes of §7: what stands after the backslash, and at the same place what it
// means.
constexpr std::string_view escape_letters = "\"\\/bfnrt";
constexpr std::string_view escape_meanings = "\"\\/\b\f\n\r\t";

// RFC 3629 §3: the first byte says how many follow, each of which carries six bits.
void append_utf8(std::string& out, std::uint32_t code_point) {
    if (code_point < 0x80) {
        out += static_cast<char>(code_point);
        return;
    }
    int following = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    const std::uint32_t mark = following == 1 ? 0xC0 : following == 2 ? 0xE0 : 0xF0;
    out += static_cast<char>(mark | code_point >> 6 * following);
    while (following-- > 0) out += static_cast<char>(0x80 | (code_point >> 6 * following & 0x3F));
}

// Recursive descent: a function for a rule calls the functions for the rules inside it, and the
// call stack remembers what is still open. Each function begins at the first byte of what it reads,
// ends after the last, and throws by way of fail() at the byte that is wrong.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    // Whatever follows the value is an error (§2): "{} {}" may be two messages glued together.
    Json parse_document() {
        Json value = parse_value(0);
        if (at_ != text_.size()) fail("the value has ended, but the text goes on");
        return value;
    }

  private:
    // A value with the whitespace around it. `depth` is the number of arrays and objects around it.
    Json parse_value(int depth) {
        skip_whitespace();
        Json value = parse_bare_value(depth);
        skip_whitespace();
        return value;
    }

    // One byte decides which kind of value follows (§3).
    Json parse_bare_value(int depth) {
        switch (peek()) {
            case '{': return parse_object(depth + 1);
            case '[': return parse_array(depth + 1);
            case '"': return parse_string();
            case 't': return parse_word("true", true);
            case 'f': return parse_word("false", false);
            case 'n': return parse_word("null", nullptr);
            default: return parse_number();  // which complains if it is none
        }
    }

    // §4 leaves open what two members of one name mean, so both stay, and find() decides.
    Json parse_object(int depth) {
        Json::Object members;
        open(depth);
        if (take('}')) return members;
        do {
            skip_whitespace();
            if (peek() != '"') fail("expected the name of a member, in double quotes");
            std::string name = parse_string();
            skip_whitespace();
            if (!take(':')) fail("expected ':' after the name of a member");
            members.push_back({std::move(name), parse_value(depth)});
        } while (take(','));
        if (!take('}')) fail("expected ',' or '}' after a member");
        return members;
    }

    Json parse_array(int depth) {
        Json::Array items;
        open(depth);
        if (take(']')) return items;
        do {
            items.push_back(parse_value(depth));
        } while (take(','));
        if (!take(']')) fail("expected ',' or ']' after an item");
        return items;
    }

    // Past the opening bracket. Without a limit, 100,000 of them would overflow the stack.
    void open(int depth) {
        if (depth > Json::max_depth) fail("nested too deeply");
        ++at_;
        skip_whitespace();
    }

    // Ordinary characters are copied in runs, because most strings have nothing else (§7).
    std::string parse_string() {
        std::string result;
        ++at_;  // the opening quote
        for (;;) {
            const std::size_t start = at_;
            // At the end of the text peek() is NUL, which ends a run as any control character does.
            while (peek() >= ' ' && peek() != '"' && peek() != '\\') ++at_;
            const std::string_view run = text_.substr(start, at_ - start);
            if (!is_valid_utf8(run)) fail("the string up to here is not UTF-8");
            result += run;
            if (take('"')) return result;
            if (!take('\\'))
                fail("expected '\"': the string has no end, or a control character in it");
            append_escaped(result);
        }
    }

    // After the backslash.
    void append_escaped(std::string& out) {
        if (take('u')) return append_utf8(out, parse_code_point());
        const std::size_t which = escape_letters.find(static_cast<char>(peek()));
        if (which == std::string_view::npos) fail("there is no such escape");
        out += escape_meanings[which];
        ++at_;
    }

    // A character past U+FFFF is written as two escapes, a high and a low surrogate (§7). One of
    // them alone stands for nothing that UTF-8 could hold.
    std::uint32_t parse_code_point() {
        const std::uint32_t high = parse_four_digits();
        if (high < 0xD800 || high > 0xDFFF) return high;
        if (high > 0xDBFF || !take('\\') || !take('u')) fail("half of a surrogate pair is missing");
        const std::uint32_t low = parse_four_digits();
        if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair is missing");
        return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }

    std::uint32_t parse_four_digits() {
        const std::string_view digits = text_.substr(at_, 4);
        std::uint32_t value = 0;  // unsigned: then from_chars() takes neither a sign nor "0x"
        const char* end = digits.data() + digits.size();
        const char* stop = std::from_chars(digits.data(), end, value, 16).ptr;
        if (digits.size() < 4 || stop != end) fail("\\u takes four hexadecimal digits");
        at_ += 4;
        return value;
    }

    // The grammar (§6) is checked here, because from_chars() would take "01", "1." and "inf", too.
    Json parse_number() {
        const std::size_t start = at_;
        bool is_integer = true;
        take('-');
        if (!take('0')) skip_digits("expected a value");
        if (take('.')) {
            is_integer = false;
            skip_digits("expected a digit after the decimal point");
        }
        if (take('e') || take('E')) {
            is_integer = false;
            if (!take('+')) take('-');
            skip_digits("expected a digit in the exponent");
        }
        return to_number(text_.substr(start, at_ - start), is_integer);
    }

    void skip_digits(const char* problem) {
        const std::size_t start = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        if (at_ == start) fail(problem);
    }

    // An integer stays exact as long as 64 bits can hold it: ids must not be rounded.
    Json to_number(std::string_view digits, bool is_integer) {
        const char* end = digits.data() + digits.size();
        std::int64_t integer = 0;
        if (is_integer && std::from_chars(digits.data(), end, integer).ec == std::errc()) {
            return integer;
        }
        double number = 0;
        if (std::from_chars(digits.data(), end, number).ec != std::errc()) {
            fail("the number ending here is too large or too small");
        }
        return number;
    }

    // true, false and null: in small letters only (§3).
    Json parse_word(std::string_view word, Json value) {
        if (!text_.substr(at_).starts_with(word)) fail("expected a value");
        at_ += word.size();
        return value;
    }

    // These four and no others (§2): no form feed, no no-break space, no comment.
    void skip_whitespace() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    }

    // The next byte. At the end it is NUL, which is nowhere allowed in a text either.
    unsigned char peek() const {
        return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : '\0';
    }

    bool take(char expected) {
        if (peek() != static_cast<unsigned char>(expected)) return false;
        ++at_;
        return true;
    }

    [[noreturn]] void fail(const std::string& problem) const {
        const std::string_view before = text_.substr(0, at_);
        const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
        const auto lines = 1 + std::count(before.begin(), before.end(), '\n');
        const auto columns = 1 + count_characters(line);
        std::string message =
            "line " + std::to_string(lines) + ", column " + std::to_string(columns) + ": ";
        if (at_ >= text_.size()) message += "the text ends too early: ";
        throw JsonError(message + problem, static_cast<std::size_t>(lines), columns);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

Json Json::parse(std::string_view text) {
    return Parser(text).parse_document();
}

// --- Writing ---

namespace {

// Besides what §7 demands, '<' is escaped: "</script>" in a string would end the element around it.
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

// UTF-8 stays as it is. Text that is not UTF-8 should have been refused on its way in; if it was
// not, one broken name must not make the whole document unreadable.
void append_string(std::string& out, std::string_view text) {
    const bool valid = is_valid_utf8(text);
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < ' ' || c == '"' || c == '\\' || c == '<') {
            append_escape(out, c);
        } else if (byte >= 0x80 && !valid) {
            out += "\\ufffd";
        } else {
            out += c;
        }
    }
    out += '"';
}

// The fewest digits that read back as the same double, and a ".0" where they look like an integer.
void append_double(std::string& out, double number) {
    if (!std::isfinite(number)) throw JsonError("NaN and infinity cannot be written as JSON");
    char buffer[32];  // the longest double has 24 characters
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
    const std::string_view digits(buffer, static_cast<std::size_t>(end - buffer));
    out += digits;
    if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace

// The recursion is as deep as the value, which is our own or has passed the parser's limit.
void Json::append_to(std::string& out) const {
    if (is_null()) {
        out += "null";
    } else if (is_bool()) {
        out += as_bool() ? "true" : "false";
    } else if (is_int()) {  // before is_number(), which is true for both
        out += std::to_string(as_int());
    } else if (is_number()) {
        append_double(out, as_double());
    } else if (is_string()) {
        append_string(out, as_string());
    } else if (is_array()) {
        out += '[';
        for (const Json& item : as_array()) {
            if (&item != &as_array().front()) out += ',';  // before every item but the first
            item.append_to(out);
        }
        out += ']';
    } else {
        out += '{';
        for (const Member& member : as_object()) {
            if (&member != &as_object().front()) out += ',';
            append_string(out, member.name);
            out += ':';
            member.value.append_to(out);
        }
        out += '}';
    }
}

std::string Json::dump() const {
    std::string out;
    append_to(out);
    return out;
}

// --- Making and reading values ---

Json::Json(std::nullptr_t) {}
Json::Json(double number) : value_(number) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(Array items) : value_(std::move(items)) {}
Json::Json(Object members) : value_(std::move(members)) {}
Json::Json(std::initializer_list<Member> members) : value_(Object(members)) {}

Json Json::array(std::initializer_list<Json> items) {
    return Array(items);
}
Json Json::object() {
    return Object();
}

double Json::as_double() const {
    return is_int() ? static_cast<double>(as_int()) : get<double>("a number");
}

// The names stand in the order of the types in value_.
void Json::complain(const char* expected) const {
    static constexpr const char* kinds[] = {"null",     "a boolean", "an integer", "a number",
                                            "a string", "an array",  "an object"};
    throw JsonError(std::string("expected ") + expected + ", found " + kinds[value_.index()]);
}

// From the back, so that the last member of a name is the one that counts. A linear search: an
// index would only pay for objects far larger than ours.
const Json* Json::find(std::string_view name) const {
    const Object* members = std::get_if<Object>(&value_);
    if (!members) return nullptr;
    const auto found = std::find_if(members->rbegin(), members->rend(),
                                    [name](const Member& member) { return member.name == name; });
    return found == members->rend() ? nullptr : &found->value;
}

const Json& Json::at(std::string_view name) const {
    as_object();  // throws if it is none
    if (const Json* value = find(name)) return *value;
    throw JsonError("there is no member \"" + std::string(name) + "\"");
}

void Json::set(std::string name, Json value) {
    as_object();
    Object& members = std::get<Object>(value_);
    std::erase_if(members, [&name](const Member& member) { return member.name == name; });
    members.push_back({std::move(name), std::move(value)});
}

bool Json::operator==(const Json& other) const {
    return value_ == other.value_;
}
