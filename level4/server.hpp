// The engine: it carries bytes between the clients and their Connections.
// With --engine epoll or poll, many clients share a thread: see engine/event_loop.hpp.
#pragma once

#include <string>
#include <vector>

#include "connection.hpp"
#include "handler.hpp"
#include "limits.hpp"
#include "options.hpp"

// What the engine needs to know of the program on top of it.
struct Program {
    std::string name;                    // for the start line
    std::vector<std::string> addresses;  // a few to try, printed below it
    Handler handler;
    Limits limits = {};
    WorkerTest needs_worker = {};  // to threads it makes no difference
};

// Listens, says so on standard output, and serves until the program is asked to stop. Then replies
// that are under way are finished, within drain_time (5 s). Throws std::runtime_error if it can't
// listen.
void serve(const Options& options, const Program& program);
