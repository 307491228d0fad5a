// How a line is written without waiting for a reader: poll() says whether there is room, and a pipe
// that poll() calls writable takes longest_line bytes. See output.hpp.
#include "output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

namespace {

constexpr int patience = 100;  // milliseconds

Sink current_sink;

// One lock for both streams, because both may lead to the same pipe. It is held over poll() and
// write(): otherwise two threads would both see the last free place, and the second one would hang.
std::mutex mutex;

// The state of a stream. Both are reset by the next line that is written whole.
struct Outlet {
    std::uint64_t lost = 0;  // lines that found no room
    bool cut = false;        // a line was written in part: the next one must not continue it
};
Outlet outlets[3];  // by descriptor; guarded by the mutex

// True also when the reader has closed the pipe, because write() fails at once then. After a signal
// (EINTR) it asks again.
bool has_room(int descriptor, int milliseconds) {
    pollfd watched{descriptor, POLLOUT, 0};
    while (poll(&watched, 1, milliseconds) < 0 && errno == EINTR) {
    }
    return watched.revents != 0;
}

// Writes all of the text, or as much as there is room for. Returns how much that was.
std::size_t write_some(int descriptor, std::string_view text, int milliseconds) {
    std::size_t written = 0;
    while (written < text.size() && has_room(descriptor, milliseconds)) {
        const ssize_t count = write(descriptor, text.data() + written, text.size() - written);
        if (count > 0) written += static_cast<std::size_t>(count);
        if (count < 0 && errno != EINTR) break;
    }
    return written;
}

}  // namespace

void open_standard_streams() {
    for (const int stream : {0, 1, 2}) {
        // open() takes the lowest number that is free. The streams before this one are open.
        if (fcntl(stream, F_GETFD) < 0) open("/dev/null", O_RDWR);
    }
}

void set_output(Sink sink) {
    current_sink = std::move(sink);
}

void flush_output() {
    current_sink.flush();
}

void print(std::string_view line) noexcept try {
    current_sink.print(Stream::out, line);
} catch (const std::exception&) {
}

void print_error(std::string_view what, std::string_view why) noexcept try {
    const std::string_view colon = why.empty() ? "" : ": ";
    current_sink.print(Stream::error, std::string(what).append(colon).append(why));
} catch (const std::exception&) {
}

void write_line(Stream stream, std::string_view line) {
    const int descriptor = static_cast<int>(stream);
    const std::lock_guard lock(mutex);
    Outlet& outlet = outlets[descriptor];
    // Only the first line waits for a reader. If each one did, every request would take as long.
    const int milliseconds = outlet.lost > 0 ? 0 : patience;
    std::string text = outlet.cut ? "\n" : "";  // ends the line that was cut
    if (outlet.lost > 0) text += "(" + std::to_string(outlet.lost) + " lines were lost here)\n";
    text += line.substr(0, longest_line - 1 - text.size());
    text += '\n';
    const std::size_t written = write_some(descriptor, text, milliseconds);
    if (written == text.size()) {
        outlet = Outlet();
        return;
    }
    outlet.lost += 1 + static_cast<std::uint64_t>(std::count(line.begin(), line.end(), '\n'));
    if (written > 0) outlet.cut = true;
}
