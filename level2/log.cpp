// How a line of the log is put together; output.hpp prints it. See log.hpp.
#include "log.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "../common/output.hpp"
#include "../common/trace.hpp"

namespace {

// Characters of a request line that are shown, so that what follows it has room in the line.
constexpr std::size_t longest_request = longest_line / 2;

std::string time_of_day() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char text[9];  // 8 characters and the NUL
    return {text, std::strftime(text, sizeof text, "%H:%M:%S", &local)};
}

// The escape sequence for the colour of a line (ECMA-48, "SGR"), by the class of its status.
const char* colour_of(int status) {
    if (status >= 500) return "\x1b[1;35m";  // bold magenta
    if (status >= 400) return "\x1b[33m";    // yellow
    if (status == 304) return "\x1b[36m";    // cyan
    if (status >= 300) return "\x1b[32m";    // green
    return "";
}

// In quotes, and on one line. A quote that the client sent must not look like the closing one.
std::string quoted(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    std::string shown = visible(escaped);
    if (shown.size() > longest_request) shown = shown.substr(0, longest_request) + "...";
    return '"' + shown + '"';
}

// On a terminal, unless NO_COLOR is set to anything (no-color.org).
bool wants_colours() {
    const char* const no_color = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

AccessLog::AccessLog() : coloured_(wants_colours()) {}

void AccessLog::add(const LogEntry& entry) const {
    char numbers[64];
    const double milliseconds = std::chrono::duration<double, std::milli>(entry.time).count();
    std::snprintf(numbers, sizeof numbers, " %d %llu %.1fms", entry.status,
                  static_cast<unsigned long long>(entry.body_bytes), milliseconds);
    const std::string colour = coloured_ ? colour_of(entry.status) : "";
    std::string line = colour + time_of_day() + ' ';
    line.append(entry.peer).append(" ").append(quoted(entry.request_line)).append(numbers);
    if (!entry.reason.empty()) line += "  " + visible(entry.reason);
    if (!colour.empty()) line = line.substr(0, longest_line - 8) + "\x1b[0m";
    print(line);
}
