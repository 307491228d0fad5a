// The second engine: one thread serves hundreds or thousands of clients. It never waits for one of
// them; it asks the kernel which of them have something to read or room to write (epoll), does
// that, and asks again. The conversations are the same Connections that the threads have.
// Leaves out: other systems than Linux (kqueue), and handlers that wait: those run in a worker
// pool.
#pragma once

#include <cstddef>

#include "../../common/socket.hpp"
#include "connection.hpp"
#include "limits.hpp"
#include "log.hpp"
#include "response.hpp"

// Serves the listener's clients with so many loops, each in a thread of its own, until the program
// is asked to stop; then idle clients are let go, and replies in flight finished, for 5 s at most.
// What is not finished then ends with the process. `is_blocking` tells which requests go to the
// workers.
void run_event_loops(const Socket& listener, std::size_t loops, const Handler& handler,
                     const BlockingTest& is_blocking, const Limits& limits, AccessLog* log);
