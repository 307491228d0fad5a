// What kind of data a file holds, told from its name.
// Leaves out: looking into the file. Browsers are told not to guess either (nosniff).
#pragma once

#include <string_view>

// The media type for the Content-Type field, with its charset where it is text. What has no known
// suffix is application/octet-stream: bytes, to be saved rather than shown.
std::string_view mime_type(std::string_view file_name);
