// Random bytes that nobody can guess, for keys and names.
#pragma once

#include <cstddef>
#include <string>

// Up to 256 of them, from the kernel. Throws std::system_error if it has none to give.
std::string random_bytes(std::size_t count);
