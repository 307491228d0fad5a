// The owner of a descriptor, the small number by which a program names something that the kernel
// keeps open for it: a socket, a file, a pipe.
#pragma once

#include <unistd.h>

#include <utility>

// Closes its descriptor when it goes out of scope. It can be moved but not copied, because two
// owners would close it twice, and by the second time the number might name something else.
class Descriptor {
  public:
    Descriptor() = default;
    // Takes what open(), socket() and the like return; -1, their error, makes an empty owner.
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);  // the other one closes what this one held
        return *this;
    }
    ~Descriptor() { close(); }

    explicit operator bool() const { return number_ >= 0; }
    int number() const { return number_; }

    void close() {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

  private:
    int number_ = -1;
};
