// See random.hpp. <random> is of no use here: whoever sees enough of its numbers knows the next.
#include "session/random.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    if (getentropy(bytes.data(), count) != 0) {
        throw std::system_error(errno, std::generic_category(), "no random bytes");
    }
    return bytes;
}
