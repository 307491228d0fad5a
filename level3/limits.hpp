// How much a client may send and how long it may take. Without these limits one bad client could
// take all of the memory, or tie up a thread for ever.
// (A limit that only one file needs is defined at the top of that file.)
#pragma once

#include <chrono>
#include <cstddef>

struct Limits {
    std::size_t request_line = 8 * 1024;     // bytes, with its line end; past it: 414
    std::size_t header_section = 16 * 1024;  // bytes of all fields, with the blank line: 431
    std::size_t header_fields = 100;         // past it: 431
    std::chrono::seconds request_head{10};   // to send a whole head, however it trickles: 408
    std::chrono::seconds idle{5};            // from a reply to the next request; then close
    std::size_t slowest_bytes = 5000;  // of a reply in 10 s; a client that takes less is dropped
    std::size_t clients = 1000;        // at once, a thread each; more wait in the backlog
    std::size_t requests = 1000;       // on a connection; the last reply says close
    std::size_t output_batch = 16 * 1024;  // bytes of small replies that go out together
};
