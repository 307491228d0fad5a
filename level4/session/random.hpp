// Random bytes that can't be guessed, for keys and names.
#pragma once

#include <cstddef>
#include <string>

// `count` bytes from the kernel, 256 at most. Throws std::system_error if it has none to give.
std::string random_bytes(std::size_t count);
