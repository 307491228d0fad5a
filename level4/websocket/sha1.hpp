// SHA-1 (FIPS 180-4), for one purpose only: the WebSocket handshake is defined with it (RFC 6455
// §1.3). There it protects nothing. It only proves that the server has understood the request, so
// it does no harm that SHA-1 is broken. For everything that must be safe there is
// session/sha256.hpp.
// Leaves out: hashing data in pieces, and speed.
#pragma once

#include <string>
#include <string_view>

// The digest: 20 bytes (not hexadecimal text).
std::string sha1(std::string_view message);
