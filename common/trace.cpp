// How bytes are made visible: see trace.hpp.
#include "trace.hpp"

#include <cstdio>
#include <cstdlib>

#include "output.hpp"

bool tracing() {
    static const char* const value = std::getenv("TRACE");
    return value != nullptr && std::string_view(value) == "1";
}

void trace(int connection, char direction, std::string_view bytes) {
    if (!tracing()) return;
    const std::string start = std::to_string(connection) + direction + ' ';
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const auto line = end < bytes.size() ? bytes.substr(0, end + 1) : bytes;
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
        char hex[5] = "";
        std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(byte));
        if (byte >= ' ' && byte <= '~')
            text += byte;
        else
            text += byte == '\r' ? "\\r" : byte == '\n' ? "\\n" : hex;
    }
    return text;
}
