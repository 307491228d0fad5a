// The engine: it carries bytes between the clients and their Connections.
// With --engine epoll, many clients share a thread: see event_loop.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "limits.hpp"
#include "options.hpp"
#include "response.hpp"

// Listens, says so on standard output with a few addresses to try, and serves until the program is
// asked to stop. Then replies in flight are finished, for 5 seconds at most. Throws
// std::runtime_error if it can't listen.
// `is_blocking` tells which requests an event loop must not answer itself, because their handlers
// wait for something; to threads it makes no difference.
void serve(const Options& options, const Handler& handler, std::string_view name,
           const std::vector<std::string>& addresses_to_try, const Limits& limits = {},
           const BlockingTest& is_blocking = {});
