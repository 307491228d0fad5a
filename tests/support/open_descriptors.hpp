// For unit tests of code that opens files: how many descriptors this process has open. Only the first
// thousand numbers are looked at, and no unit test needs more.
#pragma once

#include <fcntl.h>

inline int open_descriptors() {
    int count = 0;
    for (int number = 0; number < 1000; ++number) {
        if (fcntl(number, F_GETFD) >= 0) ++count;
    }
    return count;
}
