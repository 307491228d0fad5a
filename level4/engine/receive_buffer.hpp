// Where the thread of one client receives its bytes: a page of the stack, or a larger piece of the
// heap for a client that sends a body or speaks another protocol.
// Leaves out: the event loop, which has one large buffer for all of its clients.
#pragma once

#include <cstddef>
#include <memory>

#include "stream/conversation.hpp"

class ReceiveBuffer {
  public:
    static constexpr std::size_t most = Conversation::largest_piece;  // bytes

    // Room for so many bytes, up to `most`. What it held before is lost.
    char* place_for(std::size_t bytes) {
        if (bytes <= sizeof small_) return small_;
        if (!large_) large_ = std::make_unique_for_overwrite<char[]>(most);
        return large_.get();
    }

  private:
    char small_[4096];  // not more, because each page of a fresh stack costs a page fault
    std::unique_ptr<char[]> large_;
};
