// Base64: any bytes written in 64 harmless characters, four for every three bytes (RFC 4648).
// HTTP Basic and WebSocket use the standard alphabet (§4, `+` and `/`, padded with `=`). The other
// one is for URLs and cookies (§5, `-` and `_`, no padding).
// Leaves out: line breaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);

// Nothing if there is a foreign character, wrong padding or a wrong length. The unused bits of the
// last character must be 0 (RFC 4648 §3.5). So given bytes have only one text, and a signed text
// can't be altered without altering the bytes.
std::optional<std::string> base64_decode(std::string_view text);
std::optional<std::string> base64url_decode(std::string_view text);
