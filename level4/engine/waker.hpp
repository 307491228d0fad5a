// Wakes a thread that waits in poll() or epoll_wait() because another thread has something for it.
// Once is enough: however often wake() is called, the descriptor is readable until clear().
#pragma once

#include <sys/eventfd.h>

#include <stdexcept>

#include "../../common/descriptor.hpp"

class Waker {
  public:
    // Throws std::runtime_error if the program has run out of descriptors.
    Waker() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (!event_) throw std::runtime_error("Cannot make an eventfd");
    }

    int descriptor() const { return event_.number(); }  // readable when there is something
    void wake() const { eventfd_write(event_.number(), 1); }
    void clear() const {
        eventfd_t ignored = 0;
        eventfd_read(event_.number(), &ignored);
    }

  private:
    Descriptor event_;
};
