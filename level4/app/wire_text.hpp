// Bytes of the wire as text for a page: nothing in it is obeyed, and no secret is in it.
// Leaves out: secrets that have no field of their own, such as a password in a form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The first line of the bytes with its line end, or all of them if no line ends there.
inline std::string_view first_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    return end == std::string_view::npos ? bytes : bytes.substr(0, end + 1);
}

// The bytes as lines that a page can show, with the values of secret fields masked. `total` is how
// many bytes there were if `bytes` are only the first of them.
std::string shown_bytes(std::string_view bytes, std::uint64_t total);
