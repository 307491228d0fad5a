// How much a client may send and how long it may take. Without these limits one bad client could
// take all of the memory, or tie up a thread for ever.
// (A limit that only one file needs is defined at the top of that file.)
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

class BodyBudget;

struct Limits {
    std::size_t request_line = 8 * 1024;     // bytes, with its line end; past it: 414
    std::size_t header_section = 16 * 1024;  // bytes of all fields, with the blank line: 431
    std::size_t header_fields = 100;         // past it: 431
    std::uint64_t body = 1024 * 1024;        // bytes; past it: 413
    std::size_t chunk_line = 256;            // bytes of a chunk's size and extensions; past it: 400
    std::chrono::seconds request_head{10};   // to send a whole head, however it trickles: 408
    std::chrono::seconds body_slow{10};      // for the next slowest_bytes of a body: 408
    std::chrono::seconds room{5};            // to wait for the memory that other bodies hold: 503
    std::chrono::seconds worker{5};          // to wait until a worker is free: 503
    std::chrono::seconds idle{5};            // from a reply to the next request; then close
    std::size_t slowest_bytes = 5000;        // of a reply or a body in 10 s; less: dropped, or 408
    std::size_t clients = 1000;              // at once, a thread each; more wait in the backlog
    std::size_t requests = 1000;             // on a connection; the last reply says close
    std::size_t output_batch = 16 * 1024;    // bytes of small replies that go out together
    BodyBudget* bodies = nullptr;            // the memory for all bodies; nullptr: without a limit
};
