// The access log: see log.hpp.
#include "log.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "../common/socket.hpp"  // visible()

namespace {

// If nobody reads our output (a paused terminal), lines are dropped and counted rather than kept in
// ever more memory, or the requests stopped.
constexpr std::size_t most_buffered = 1 << 20;

// The colour that a terminal shows a line in (ECMA-48, "SGR"), by the class of the status.
const char* colour_of(int status) {
    if (status >= 500) return "\x1b[1;35m";  // bold magenta
    if (status >= 400) return "\x1b[33m";    // yellow
    if (status == 304) return "\x1b[36m";    // cyan
    if (status >= 300) return "\x1b[32m";    // green
    return "";
}

// In quotes, and on one line. A client's own quote must not look like the end of it.
std::string quoted(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return '"' + visible(escaped) + '"';
}

}  // namespace

AccessLog::AccessLog()
    : coloured_(isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr),
      writer_([this] { run(); }) {}

AccessLog::~AccessLog() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    writer_.join();
    flush();  // what was added after the writer's last look
}

void AccessLog::add(std::string_view peer, std::string_view request_line, int status,
                    std::uint64_t body_bytes, std::chrono::nanoseconds time) {
    char numbers[64];
    const double milliseconds = std::chrono::duration<double, std::milli>(time).count();
    std::snprintf(numbers, sizeof numbers, " %d %llu %.1fms", status,
                  static_cast<unsigned long long>(body_bytes), milliseconds);
    const std::string colour = coloured_ ? colour_of(status) : "";
    std::string line = colour;
    line.append(peer).append(" ").append(quoted(request_line)).append(numbers);
    line += colour.empty() ? "\n" : "\x1b[0m\n";

    const std::lock_guard lock(mutex_);
    if (buffer_.size() + line.size() > most_buffered) {
        ++lost_lines_;
        return;
    }
    if (buffer_.empty()) changed_.notify_one();
    buffer_ += line;
}

void AccessLog::flush() {
    const std::lock_guard order(writing_);
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        text = std::exchange(buffer_, {});
        if (lost_lines_ > 0) text += "(" + std::to_string(lost_lines_) + " log lines lost)\n";
        lost_lines_ = 0;
    }
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t count = write(STDOUT_FILENO, rest.data(), rest.size());
        if (count <= 0) return;  // nobody is there to read it
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

// The writer's thread: waits for a first line, gives others a moment to gather, writes them all.
void AccessLog::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        changed_.wait(lock, [this] { return ending_ || !buffer_.empty(); });
        changed_.wait_for(lock, std::chrono::milliseconds(50), [this] { return ending_; });
        lock.unlock();
        flush();
        lock.lock();
    }
}
