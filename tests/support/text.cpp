// The helpers of text.hpp. Only listing() needs some thought, because a student should see the
// wrong byte at a glance, even in a message of 64 MiB.
#include "text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

namespace {

constexpr std::size_t line_width = 100;
constexpr std::size_t most_bytes = 4'000;
constexpr std::size_t head_lines = 14;
constexpr std::size_t tail_lines = 3;
constexpr std::size_t longest_printed = 200;

struct Line {
    std::size_t offset;
    std::string_view bytes;
};

// The lines of the message, each with its \n.
std::vector<Line> lines_of(std::string_view bytes) {
    std::vector<Line> lines;
    std::size_t start = 0;
    while (start < bytes.size()) {
        std::size_t newline = bytes.find('\n', start);
        std::size_t end = newline == std::string_view::npos ? bytes.size() : newline + 1;
        lines.push_back({start, bytes.substr(start, end - start)});
        start = end;
    }
    return lines;
}

bool holds(const Line& line, std::size_t mark) {
    return mark != no_mark && mark >= line.offset && mark < line.offset + line.bytes.size();
}

// One line, shortened, and the caret below it if the mark is in it.
std::string shown_line(const Line& line, std::size_t mark, std::string_view indent) {
    // A long line is cut before it is escaped, because it may be a body of 64 MiB.
    constexpr std::size_t head = line_width - 30;
    std::size_t wanted = holds(line, mark) ? mark - line.offset : 0;
    std::string text;
    std::size_t column = 0;
    if (line.bytes.size() <= line_width) {
        text = visible(line.bytes);
        column = visible(line.bytes.substr(0, wanted)).size();
    } else if (wanted < head) {
        text = visible(line.bytes.substr(0, head)) + " ... " +
               visible(line.bytes.substr(line.bytes.size() - 20));
        column = visible(line.bytes.substr(0, wanted)).size();
    } else {
        std::size_t from = wanted - 30;
        std::string before = visible(line.bytes.substr(0, 20)) + " ... ";
        text = before + visible(line.bytes.substr(from, 50));
        column = before.size() + visible(line.bytes.substr(from, 30)).size();
    }
    if (holds(line, mark)) {
        text += '\n';
        text += indent;
        text += std::string(column, ' ') + '^';
    }
    return text;
}

// The size of the UTF-8 character that the bytes begin with; 0 if they begin with none, or with one
// that isn't for interchange: a control character, a surrogate, U+FFFE or U+FFFF.
std::size_t character_size(std::string_view bytes) {
    const auto byte = [&](std::size_t i) {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
    };
    const unsigned first = static_cast<unsigned char>(bytes.front());
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    const std::size_t size = first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    unsigned code = first & (0xffu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        code = code << 6 | (byte(i) & 0x3f);
    }
    constexpr unsigned smallest[] = {0, 0, 0xa0, 0x800, 0x10000};  // 0x80 to 0x9f are controls
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    const bool allowed = first >= 0xc0 && first < 0xf8 && code >= smallest[size] &&
                         code <= 0x10ffff && !surrogate && (code & 0xfffe) != 0xfffe;
    return allowed ? size : 0;
}

}  // namespace

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (char c : text) {
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

std::string media_type(std::string_view text) {
    std::string result = lower(text);
    std::erase_if(result, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
    return result;
}

std::string visible(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string result;
    for (char c : bytes) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '\r') {
            result += "\\r";
        } else if (c == '\n') {
            result += "\\n";
        } else if (c == '\t') {
            result += "\\t";
        } else if (c == '\\') {
            result += "\\\\";
        } else if (byte >= 0x20 && byte < 0x7f) {
            result += c;
        } else {
            result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return result;
}

std::string readable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const bool kept = text.front() == '\n' || text.front() == '\t';
        const std::size_t size = kept ? 1 : character_size(text);
        if (size > 0)
            result.append(text, 0, size);
        else
            result += visible(text.substr(0, 1));
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

std::string listing(std::string_view bytes, std::size_t mark, std::string_view indent) {
    if (bytes.empty()) return "(nothing)";
    // Show the head, a little of the body, and what is around the mark, but not a body of 64 MiB.
    std::size_t head = std::min(bytes.find("\r\n\r\n"), most_bytes);
    std::size_t shown = std::max(head, mark == no_mark ? 0 : std::min(mark, bytes.size())) + 800;
    std::size_t cut = bytes.size() > shown ? bytes.size() - shown : 0;
    std::vector<Line> lines = lines_of(bytes.substr(0, shown));
    std::string result;
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        bool wanted = i < head_lines || i + tail_lines >= lines.size() || holds(lines[i], mark);
        if (!wanted) {
            ++left_out;
            continue;
        }
        if (!result.empty()) result.append("\n").append(indent);
        if (left_out > 0) {
            result += "... " + std::to_string(left_out) + " more lines ...\n";
            result += indent;
            left_out = 0;
        }
        result += shown_line(lines[i], mark, indent);
    }
    if (cut > 0)
        result.append("\n").append(indent).append("... " + std::to_string(cut) + " more bytes ...");
    return result;
}

std::string percent_encoded(std::string_view bytes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string result;
    for (char c : bytes) {
        auto byte = static_cast<unsigned char>(c);
        bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || contains("-._~", {&c, 1}));
        if (plain)
            result += c;
        else
            result += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return result;
}

std::string html_unescaped(std::string_view text) {
    static constexpr std::pair<std::string_view, char> names[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string result;
    while (!text.empty()) {
        auto named = std::find_if(std::begin(names), std::end(names),
                                  [&](const auto& name) { return text.starts_with(name.first); });
        std::size_t used = 1;
        char c = text.front();
        if (named != std::end(names)) {
            c = named->second;
            used = named->first.size();
        } else if (text.starts_with("&#")) {
            bool hex = text.size() > 2 && lower(text.substr(2, 1)) == "x";
            const char* digits = text.data() + (hex ? 3 : 2);
            int code = 0;
            auto [end, error] =
                std::from_chars(digits, text.data() + text.size(), code, hex ? 16 : 10);
            if (error == std::errc() && code < 128) {
                c = static_cast<char>(code);
                used = static_cast<std::size_t>(end - text.data()) + 1;
            }
        }
        result += c;
        text.remove_prefix(std::min(used, text.size()));
    }
    return result;
}

std::string last_lines(std::string_view text, int most) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    std::size_t begin = text.size();
    while (most > 0 && begin > 0) {
        if (text[--begin] == '\n') --most;
    }
    std::string result;
    for (const std::string& line : split(text.substr(begin > 0 ? begin + 1 : 0), '\n')) {
        if (!result.empty()) result += '\n';
        result += line.substr(0, longest_printed);
        if (line.size() > longest_printed) result += " ...";
    }
    return result;
}
