// What a running server prints: its log, its errors and its trace. A server must not stop because
// its output isn't read, so a line that finds no room waits for a moment and is then dropped and
// counted.
// Leaves out: a promise that every line arrives. The messages of a start that fails go to
// std::cerr.
#pragma once

#include <climits>
#include <cstddef>
#include <functional>
#include <string_view>

// Bytes of a line, with its line end; the rest is cut off. The kernel never mixes two writes of
// this size into one pipe (4,096 bytes on Linux, 512 on macOS).
constexpr std::size_t longest_line = PIPE_BUF;

// Call it first in main(). A program that is started with a standard stream closed would get that
// number for the next file that it opens, and print into it. Such a stream is opened on /dev/null.
void open_standard_streams();

enum class Stream { out = 1, error = 2 };  // the descriptors of standard output and standard error

// Prints a line, given without its line end. May be called from any thread. Never throws, because
// what went wrong may be that memory has run out; the line is lost then.
void print(std::string_view line) noexcept;
void print_error(std::string_view what, std::string_view why = {}) noexcept;  // "what: why"

// Writes a line, or several at once if they fit into longest_line. The first line that finds no
// room waits for 100 ms at most. From then on lines are dropped at once, until there is room again;
// the next line is preceded by one that says how many were lost. One exception: if another process
// fills the same pipe between our poll() and our write(), write() waits.
void write_line(Stream stream, std::string_view line);

// Where lines go, if not to write_line() directly. Set it before any thread starts.
struct Sink {
    std::function<void(Stream, std::string_view line)> print = write_line;
    std::function<void()> flush = [] {};  // writes what print() has not written yet
};
void set_output(Sink sink);
void flush_output();
