// With TRACE=1 in the environment a server shows every byte that it receives and sends, on standard
// error:   6< GET / HTTP/1.1\r\n
// The number is the connection's descriptor, < is what came in, > what went out, and * tells of a
// client that has come or gone.
#pragma once

#include <string>
#include <string_view>

bool tracing();

// One line of trace for each line of the bytes. A line too long to be printed is continued on the
// next. From the first line on that isn't text, bytes are only counted: 6> (5430 bytes that aren't
// text). Does nothing unless tracing().
void trace(int connection, char direction, std::string_view bytes);

// The bytes with everything that a terminal would not show, or would obey, spelled out: \r \n \x1b.
std::string visible(std::string_view bytes);
