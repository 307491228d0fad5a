// With TRACE=1 in the environment a server shows every byte that it receives and sends, on standard
// error:   6< GET / HTTP/1.1\r\n
// The number is the connection's descriptor, < is what came in, > what went out, and * tells of a
// client that has come or gone. An observer in the program can be shown the same.
#pragma once

#include <functional>
#include <string>
#include <string_view>

// True with TRACE=1, and while there is an observer.
bool tracing();

// One line of trace for each line of the bytes. A line too long to be printed is continued on the
// next. From the first line on that isn't text, bytes are only counted: 6> (5430 bytes that aren't
// text). Does nothing unless tracing(). A note is a remark of ours, beside or in place of the
// bytes.
enum class Traced { bytes, note };
void trace(int connection, char direction, std::string_view bytes, Traced what = Traced::bytes);

// Called for each trace(), by the thread that makes it. It must not throw. Set it, or take it away
// with an empty one, while no other thread traces.
using TraceObserver = std::function<void(int, char, std::string_view, Traced)>;
void set_trace_observer(TraceObserver observer);

// Text has no control characters but those that lay it out or colour it, and its bytes above 127
// have the shape of UTF-8. A character cut off by the end of a piece counts as text.
bool shows_as_text(std::string_view line);

// The bytes with everything that a terminal would not show, or would obey, spelled out: \r \n \x1b.
std::string visible(std::string_view bytes);
