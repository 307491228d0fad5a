// The media type of a file, told by its name.
// Leaves out: looking into the file. Browsers are told not to guess either (nosniff).
#pragma once

#include <string_view>

// The media type for Content-Type, with a charset if it is text. A name without a known suffix is
// application/octet-stream: bytes, which a browser saves instead of showing them.
std::string_view mime_type(std::string_view file_name);
