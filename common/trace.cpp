// How bytes are made visible: see trace.hpp.
#include "trace.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "output.hpp"

namespace {

const char* const trace_variable = std::getenv("TRACE");
const bool printing = trace_variable != nullptr && std::string_view(trace_variable) == "1";
TraceObserver current_observer;
std::atomic<bool> active = printing;  // all that is looked at while nothing is traced

// A control character that neither lays text out nor, as ESC does, colours it.
bool is_hidden(char byte) {
    const bool is_control = static_cast<unsigned char>(byte) < ' ' || byte == 127;
    return is_control && std::string_view("\t\r\n\x1b").find(byte) == std::string_view::npos;
}

}  // namespace

bool shows_as_text(std::string_view line) {
    int missing = 0;  // bytes that the character still needs
    for (const char byte : line) {
        // How many 1s a byte begins with says what it is in UTF-8: 0xxxxxxx is a whole character,
        // 110xxxxx begins one of two bytes, 1110xxxx one of three, and 10xxxxxx continues one.
        const int ones = std::countl_one(static_cast<unsigned char>(byte));
        const bool continues = ones == 1;
        if (continues != (missing > 0) || is_hidden(byte)) return false;
        missing = continues ? missing - 1 : std::max(ones - 1, 0);
    }
    return true;
}

bool tracing() {
    return active.load(std::memory_order_relaxed);
}

void set_trace_observer(TraceObserver observer) {
    current_observer = std::move(observer);
    active = printing || current_observer;
}

void trace(int connection, char direction, std::string_view bytes, Traced what) {
    if (!tracing()) return;
    if (current_observer) current_observer(connection, direction, bytes, what);
    if (!printing) return;
    const std::string start = std::to_string(connection) + direction + ' ';
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const auto line = end < bytes.size() ? bytes.substr(0, end + 1) : bytes;
        if (!shows_as_text(line)) {
            return print_error(start + "(" + std::to_string(bytes.size()) +
                               " bytes that aren't text)");
        }
        bytes.remove_prefix(line.size());
        const std::string text = visible(line);
        const std::size_t room = longest_line - 1 - start.size();
        for (std::size_t at = 0; at < text.size(); at += room) {
            print_error(start + text.substr(at, room));
        }
    }
}

std::string visible(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        if (byte >= ' ' && byte <= '~') {
            text += byte;
        } else if (byte == '\r' || byte == '\n') {
            text += byte == '\r' ? "\\r" : "\\n";
        } else {
            char hex[5];
            std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(byte));
            text += hex;
        }
    }
    return text;
}
