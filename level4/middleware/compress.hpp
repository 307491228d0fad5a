// Compression: a reply of text as gzip, for whoever accepts it (RFC 9110 §8.4.1.3). Pages and JSON
// shrink to a third or less. It is zlib that compresses; a program built without it replies as is.
// Leaves out: brotli and zstd, files (they have their .gz beside them), and streams. And BREACH:
// over TLS the length of a compressed page may betray a secret in it, if it also repeats what an
// attacker typed. Our pages hold no secrets; mark one that does `Cache-Control: no-transform`.
#pragma once

#include <cstddef>

#include "handler.hpp"

struct CompressOptions {
    std::size_t minimum = 500;      // bytes: below, the reply fits into one packet anyway
    std::size_t maximum = 8 << 20;  // bytes: above, one reply would keep its thread too long
    // 1 (fast) to 9 (small). 20 KB of page become 6.4 KB in 70 us at level 1, and 5.9 KB in 215 us
    // at level 6: a tenth smaller for three times the work.
    int level = 1;
};

// False if the program was built without zlib. Then compress() changes nothing.
bool compression_available();

// Belongs outside all that changes bodies: what it hands out is not to be touched any more.
Middleware compress(CompressOptions options = {});
