// Wakes a thread that waits for descriptors, because another thread has something for it: a byte in
// a pipe. (Linux also has eventfd, which is a descriptor less.) Once is enough: however often
// wake() is called, the descriptor is readable until clear().
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <thread>

#include "../../common/descriptor.hpp"

class Waker {
  public:
    // Throws std::runtime_error if the program has run out of descriptors.
    Waker() {
        int ends[2] = {-1, -1};
        if (pipe(ends) != 0) throw std::runtime_error("Cannot make a pipe");
        output_ = Descriptor(ends[0]);
        input_ = Descriptor(ends[1]);
        for (const int end : ends) {  // (fcntl() doesn't fail, because both are open)
            fcntl(end, F_SETFD, FD_CLOEXEC);
            fcntl(end, F_SETFL, O_NONBLOCK);
        }
    }

    int descriptor() const { return output_.number(); }  // readable when there is something
    void wake() const {
        // A full pipe is readable already. Any other failure passes, because it means that the
        // kernel has no memory for the byte just now.
        while (write(input_.number(), "x", 1) < 0 && errno != EAGAIN) std::this_thread::yield();
    }
    void clear() const {
        char ignored[64];
        while (read(output_.number(), ignored, sizeof ignored) == sizeof ignored) {
        }
    }

  private:
    Descriptor output_, input_;
};
