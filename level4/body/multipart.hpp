// Cuts a multipart body (RFC 2046 §5.1) into its parts: lines of `--boundary` lie between them, and
// `--boundary--` ends the last one. What the parts mean is up to form.cpp.
// Leaves out: nested multiparts, and reading in pieces: the whole body is in memory already.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "handler.hpp"
#include "headers.hpp"

struct Part {
    Headers headers;
    std::string_view content;  // lies in the body that was given: valid as long as that is
};

struct MultipartLimits {
    std::size_t parts;
    std::size_t header_bytes;   // in front of each part, without the blank line
    std::size_t header_fields;  // in front of each part
};

// The parts, in order; text before the first and after the last delimiter is skipped. Throws
// HttpError: 400 when the boundary, the body or a part's header is malformed or the last boundary
// is missing, 413 past a limit.
std::vector<Part> split_multipart(std::string_view boundary, std::string_view body,
                                  const MultipartLimits& limits);
