// An open file, and a part of one: what a response carries when the file is too large to be copied
// into memory. The engine sends it in pieces, so files of any size cost the same little memory.
#pragma once

#include <cstdint>
#include <memory>

// Owns a descriptor for reading and closes it.
class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

struct FileSlice {
    std::shared_ptr<const File> file;
    std::uint64_t offset = 0;  // bytes
    std::uint64_t length = 0;
};
