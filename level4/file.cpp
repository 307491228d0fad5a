// See file.hpp.
#include "file.hpp"

#include <unistd.h>

File::~File() {
    if (descriptor_ >= 0) close(descriptor_);
}
