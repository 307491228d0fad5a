// Base64: any bytes as 64 harmless characters, four for every three bytes (RFC 4648).
// Two alphabets: the standard one (§4, `+` and `/`, padded with `=`) for HTTP Basic and WebSocket,
// and the one for URLs and cookies (§5, `-` and `_`, no padding).
// Leaves out: line breaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);

// Nothing for a foreign character, wrong padding or a wrong length. Strict also about the unused
// bits of the last character, which must be 0 (RFC 4648 §3.5): so one text only stands for given
// bytes, and nobody can alter a signed text without altering what it means.
std::optional<std::string> base64_decode(std::string_view text);
std::optional<std::string> base64url_decode(std::string_view text);
