// The parser has one function for each rule of the grammar in RFC 8259 §2 to §7, and looks one byte
// ahead to choose between them. It keeps no count of lines. Errors are rare, so fail() counts then.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "body/json.hpp"
#include "body/json_escapes.hpp"
#include "text.hpp"
#include "utf8.hpp"

namespace {

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

// Recursive descent: the function for a rule calls the functions for the rules inside it, and the
// call stack remembers which arrays and objects are still open. Each function starts at the first
// byte of what it reads, stops after the last, and calls fail() at the byte that is wrong.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    // Anything after the value is an error (§2): "{} {}" may be two messages glued together.
    Json parse_document() {
        Json value = parse_value(0);
        if (at_ != text_.size()) fail("the value has ended, but the text goes on");
        return value;
    }

  private:
    // A value and the whitespace around it. `depth` is the number of arrays and objects around it.
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
            default: return parse_number();  // which fails if this isn't a number
        }
    }

    // §4 leaves open what two members with the same name mean. Both stay, and find() decides.
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

    // Reads an opening bracket. Without a limit, 100,000 of them would overflow the stack.
    void open(int depth) {
        if (depth > Json::max_depth) fail("nested too deeply");
        ++at_;
        skip_whitespace();
    }

    // Most strings hold nothing but ordinary characters, so those are copied in runs (§7).
    std::string parse_string() {
        std::string result;
        ++at_;  // the opening quote
        for (;;) {
            const std::size_t start = at_;
            // At the end of the text peek() is NUL, which ends the run like any control character.
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

    // A character past U+FFFF is written as two escapes, a high and a low surrogate (§7). Half of a
    // pair can't be written in UTF-8.
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

    // The grammar (§6) is checked here, because from_chars() would also take "01", "1." and "inf".
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

    // An integer that fits in 64 bits stays exact, because ids must not be rounded.
    Json to_number(std::string_view digits, bool is_integer) {
        const char* end = digits.data() + digits.size();
        std::int64_t integer = 0;
        if (is_integer && std::from_chars(digits.data(), end, integer).ec == std::errc()) {
            return integer;
        }
        // strtod() makes it 0 or infinity; from_chars() doesn't say which it would be.
        const double number = std::strtod(std::string(digits).c_str(), nullptr);
        if (std::isinf(number)) fail("the number ending here is too large");
        return number;
    }

    // true, false or null, in lower case only (§3).
    Json parse_word(std::string_view word, Json value) {
        if (!text_.substr(at_).starts_with(word)) fail("expected a value");
        at_ += word.size();
        return value;
    }

    // These four and no others (§2): a form feed or a comment is an error.
    void skip_whitespace() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    }

    // The next byte, or NUL at the end of the text. A NUL in the text is always an error.
    unsigned char peek() const {
        return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : '\0';
    }

    bool take(char expected) {
        if (peek() != static_cast<unsigned char>(expected)) return false;
        ++at_;
        return true;
    }

    [[noreturn]] void fail(const std::string& problem) const {
        std::string_view before = text_.substr(0, at_);
        std::size_t line = 1;
        for (; before.find('\n') != std::string_view::npos; ++line) take_until(before, "\n");
        const std::size_t column = 1 + count_characters(before);
        std::string message =
            "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
        if (at_ >= text_.size()) message += "the text ends too early: ";
        throw JsonError(message + problem, line, column);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

Json Json::parse(std::string_view text) {
    return Parser(text).parse_document();
}
