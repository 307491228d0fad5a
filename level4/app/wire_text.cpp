// See wire_text.hpp.
#include "app/wire_text.hpp"

#include <algorithm>

#include "../../common/trace.hpp"
#include "text.hpp"

namespace {

// Cookie, Set-Cookie, Authorization and Proxy-Authorization, and what programs name after them.
bool is_secret(std::string_view name) {
    if (!is_token(name)) return false;
    const std::string lower = lower_case(name);
    return lower.find("cookie") != std::string::npos ||
           lower.find("authorization") != std::string::npos;
}

// Where the value of a secret field begins in a line; npos if the line has none. The name may have
// something in front of it, as in an error page that shows what stood on the request line.
std::size_t find_secret(std::string_view line) {
    std::size_t colon = line.find(':');
    for (; colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
        const std::string_view before = trim(line.substr(0, colon));
        std::size_t begin = before.size();
        while (begin > 0 && is_token(before.substr(begin - 1, 1))) --begin;
        if (is_secret(before.substr(begin))) return colon + 1;
    }
    return colon;
}

// "Cookie: id=7" becomes "Cookie: (masked)", in bodies as well as in heads, because /echo sends all
// fields back. A line that begins with a blank once continued the field above it, so it may hold
// the rest of a secret. So may what follows a CR that no LF follows; but a field may begin there, too.
std::string masked(std::string_view text) {
    std::string result;
    bool in_secret = false;
    bool line_ended = true;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
        const std::size_t secret = find_secret(line);
        const bool continues = !line_ended || line.starts_with(' ') || line.starts_with('\t');
        const bool begins = secret != std::string_view::npos;
        in_secret = begins || (in_secret && continues);
        if (begins) result += line.substr(0, secret);
        result += in_secret ? " (masked)" : line;
        const std::size_t next = text.find_first_not_of("\r\n", line.size());
        const std::string_view line_end = text.substr(line.size(), next - line.size());
        line_ended = line_end.find('\n') != std::string_view::npos;
        result += line_end;
        text.remove_prefix(std::min(next, text.size()));
    }
    return result;
}

// One line for each line of the bytes, with everything spelled out that isn't plain ASCII.
std::string lines_of(std::string_view bytes) {
    std::string lines;
    while (!bytes.empty()) {
        const std::string_view line = first_line(bytes);
        lines += visible(line) + '\n';
        bytes.remove_prefix(line.size());
    }
    return lines;
}

// How many bytes there are before the first line that isn't text.
std::size_t size_of_text(std::string_view bytes) {
    std::size_t size = 0;
    while (size < bytes.size()) {
        const std::string_view line = first_line(bytes.substr(size));
        if (!shows_as_text(line)) break;
        size += line.size();
    }
    return size;
}

}  // namespace

std::string shown_bytes(std::string_view bytes, std::uint64_t total) {
    const std::size_t text = size_of_text(bytes);
    std::string shown = lines_of(masked(bytes.substr(0, text)));
    const std::string rest = "(" + std::to_string(total - text);
    if (text < bytes.size()) return shown + rest + " bytes that aren't text)\n";
    if (text < total) return shown + rest + " more bytes)\n";
    return shown;
}
