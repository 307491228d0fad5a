// Cuts a multipart body (RFC 2046 §5.1) into its parts. Lines of `--boundary` separate them, and
// `--boundary--` ends the last one. form.cpp knows what the parts mean.
// Leaves out: nested multiparts, and reading in pieces, because the whole body is in memory.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "headers.hpp"

struct Part {
    Headers headers;
    std::string_view content;  // a part of the body, and valid as long as that is
};

struct MultipartLimits {
    std::size_t parts;
    std::size_t header_bytes;   // in the header of one part, without the blank line
    std::size_t header_fields;  // in the header of one part
};

// The parts, in order. Text before the first and after the last delimiter is skipped. Throws
// HttpError: 400 if the boundary, the body or the header of a part is malformed, or if the last
// boundary is missing; 413 past a limit.
std::vector<Part> split_multipart(std::string_view boundary, std::string_view body,
                                  const MultipartLimits& limits);
