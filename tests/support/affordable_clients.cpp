// The limit that counts is that of open descriptors, which the server has inherited from us.
#include "affordable_clients.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "reporter.hpp"

std::size_t affordable_clients(std::size_t wanted) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    // Three descriptors for each client are enough for any of the usual ways to serve them.
    const rlim_t possible = (limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur, 60)) / 3;
    if (possible >= wanted) return wanted;
    remark("with " + std::to_string(possible) + " clients, because ulimit -n allows no more");
    return static_cast<std::size_t>(possible);
}
