// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104): the fingerprint of some bytes, and a
// fingerprint that only the holder of a key can make. Sessions are signed with the second one. A
// real server takes both from a library such as OpenSSL; here they are short enough to be read.
// Leaves out: hashing data in pieces, and speed. But still too fast to store passwords with.
#pragma once

#include <string>
#include <string_view>

// The digest: 32 bytes (not hexadecimal text).
std::string sha256(std::string_view message);

// The authentication code of `message` under `key`: 32 bytes. A key may have any length; one of
// 32 random bytes is as strong as the code itself.
std::string hmac_sha256(std::string_view key, std::string_view message);

// Compares secrets in a time that depends on their length only. `==` stops at the first difference,
// so somebody who measures many answers learns byte by byte how much of a guess was right.
bool constant_time_equal(std::string_view a, std::string_view b);
