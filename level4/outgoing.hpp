// What is on its way to a client: bytes, and then perhaps a part of a file, which the kernel copies
// straight from the disk's cache to the socket. That halves what a large file costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "../common/descriptor.hpp"
#include "file.hpp"

enum class Sent { all, some, failed };

class Outgoing {
  public:
    Outgoing(std::string bytes, std::optional<FileSlice> file);

    // How many bytes the kernel has not taken yet.
    std::uint64_t left() const;

    // Hands the kernel as much as it takes, but at most `most_of_file` bytes of the file. `some`:
    // the socket has no room now (one that blocks has had none for its whole timeout), or that
    // limit is reached. `failed`: the client has gone, or the file is shorter than we have
    // promised.
    Sent send_to(const Descriptor& client,
                 std::uint64_t most_of_file = std::numeric_limits<std::uint64_t>::max());

  private:
    // Both return false if nothing could be sent. Why is then in errno.
    bool send_bytes(const Descriptor& client);
    bool send_file(const Descriptor& client, std::uint64_t most);

    std::string bytes_;
    std::size_t sent_ = 0;           // how many of the bytes the kernel has taken
    std::optional<FileSlice> file_;  // the part of a file that follows the bytes
};
