// See random.hpp. <random> can't be used here, because a client that sees enough of its numbers can
// compute the next ones.
#include "session/random.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    if (getentropy(bytes.data(), count) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot get random bytes");
    }
    return bytes;
}
