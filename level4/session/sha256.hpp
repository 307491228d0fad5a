// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104): the fingerprint of some bytes, and a
// fingerprint that only the holder of a key can make. Sessions are signed with the second one. A
// production server takes both from a library such as OpenSSL. Here they are short enough to read.
// Leaves out: hashing data in pieces, and speed. (For passwords it is still far too fast.)
#pragma once

#include <string>
#include <string_view>

// The digest: 32 bytes (not hexadecimal text).
std::string sha256(std::string_view message);

// The authentication code of `message` under `key`: 32 bytes. A key may have any length, and one of
// 32 random bytes is as strong as the code itself.
std::string hmac_sha256(std::string_view key, std::string_view message);

// Compares secrets in a time that depends only on their length. `==` stops at the first difference,
// so an attacker who measures many replies learns byte by byte how much of a guess was right.
bool constant_time_equal(std::string_view a, std::string_view b);
