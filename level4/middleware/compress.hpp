// Compression: text goes out as gzip to a client that accepts it (RFC 9110 §8.4.1.3). Pages and
// JSON shrink to a third or less. zlib does the work; a program built without it compresses
// nothing.
// Leaves out: brotli and zstd, files that are too large for memory (one may have a .gz beside it), and
// streams. It doesn't guard against BREACH: over TLS the length of a compressed page may betray a secret in it, if the page
// also repeats what an attacker sent. Ours hold no secrets; mark one that does `Cache-Control:
// no-transform`.
#pragma once

#include <cstddef>

#include "handler.hpp"

struct CompressOptions {
    std::size_t minimum = 500;      // bytes; a smaller reply fits into one packet anyway
    std::size_t maximum = 8 << 20;  // bytes; a larger one would keep its thread too long
    // 1 (fast) to 9 (small). A page of 20 KB becomes 6.4 KB in 70 us at level 1, and 5.9 KB in 215
    // us at level 6: a tenth smaller for three times the work.
    int level = 1;
};

// False if the program was built without zlib, in which case compress() changes nothing.
bool compression_available();

// Put it outside every middleware that changes bodies, because compressed ones can't be changed.
Middleware compress(CompressOptions options = {});
