// Small helpers on text that the client, the checks and the cases share.
// Nothing here knows about sockets, servers or doctest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

std::string lower(std::string_view text);
std::string_view trimmed(std::string_view text);
bool contains(std::string_view text, std::string_view part);
std::vector<std::string> split(std::string_view text, char separator);

// A media type as it can be compared: in small letters, without blanks, and with no value in quotes
// (RFC 9110 §8.3.1).
std::string media_type(std::string_view text);

// The last lines of a text, at most so many, and of each its first 200 characters.
std::string last_lines(std::string_view text, int most);

// Bytes as a reader can see them: \r, \n, \t, \0, \xNN, and \\ for a backslash.
std::string visible(std::string_view bytes);

// The same text in valid UTF-8 without control characters: whatever else is in it becomes visible, but
// for line ends and tabs.
std::string readable(std::string_view text);

constexpr std::size_t no_mark = std::string_view::npos;

// The bytes line by line, with a caret below the byte at `mark`. Long lines and long messages are
// shortened in the middle, never around the mark. Every line after the first gets the indent.
std::string listing(std::string_view bytes, std::size_t mark, std::string_view indent);

// Everything but letters, digits and - . _ ~ as %NN (RFC 3986 §2.1).
std::string percent_encoded(std::string_view bytes);

// Undoes &amp; &lt; &gt; &quot; &apos; and numeric references below 128.
std::string html_unescaped(std::string_view text);
