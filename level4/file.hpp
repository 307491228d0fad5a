// A part of an open file. A response holds one if the file is too large to be copied into memory.
// The engine sends it in pieces, so a file of any size costs the same little memory.
#pragma once

#include <cstdint>
#include <memory>

#include "../common/descriptor.hpp"

struct FileSlice {
    std::shared_ptr<const Descriptor> file;
    std::uint64_t offset = 0;  // bytes
    std::uint64_t length = 0;
};
