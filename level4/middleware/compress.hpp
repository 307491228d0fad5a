// Compression: a reply of text as gzip, for whoever accepts it (RFC 9110 §8.4.1.3). Pages and JSON
// shrink to a third or less. It is zlib that compresses; a program built without it replies as is.
// Leaves out: brotli and zstd, files (they have their .gz beside them), and streams. And BREACH:
// over TLS the length of a compressed page may betray a secret in it, if it also repeats what an
// attacker typed. Our pages hold no secrets; mark one that does `Cache-Control: no-transform`.
#pragma once

#include <cstddef>

#include "middleware/middleware.hpp"

struct CompressOptions {
    std::size_t minimum = 500;      // bytes: below, the reply fits into one packet anyway
    std::size_t maximum = 8 << 20;  // bytes: above, one reply would keep its thread too long
    int level = 6;                  // 1 (fast) to 9 (small)
};

// False if the program was built without zlib. Then compress() changes nothing.
bool compression_available();

Middleware compress(CompressOptions options = {});
