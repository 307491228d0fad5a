// Forms: what a browser sends when a visitor presses the button. A body comes in one of two
// formats, application/x-www-form-urlencoded (fields only) and multipart/form-data (fields and
// files, RFC 7578); both end up in the same Form. Everything in it is a stranger's text: check it.
// Leaves out: reading in pieces (the body is in memory already and bounded by --max-body), charsets
// other than UTF-8, and nested multiparts, which RFC 7578 §4.3 has abolished.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handler.hpp"

// Past any of these: 413. File controls that were left empty count only towards the sum of the
// first two.
struct FormLimits {
    std::size_t fields = 1000;
    std::size_t files = 100;
    std::size_t field_bytes = 500'000;      // of one text field, decoded
    std::size_t part_header_bytes = 8'192;  // in front of each part of a multipart body
    std::size_t part_header_fields = 16;    // browsers send two
};

struct UploadedFile {
    std::string name;          // of the form's control
    std::string filename;      // what safe_filename() left of the visitor's name for it
    std::string content_type;  // what the browser guessed: never send it back unchecked
    std::string content;       // the bytes as they came
};

struct Form {
    // In the order of the body; a name may come several times. Line ends in a text area are CRLF.
    std::vector<std::pair<std::string, std::string>> fields;
    std::vector<UploadedFile> files;  // a file control that was left empty is not in here

    // Names of the fields whose value is not valid UTF-8, which no browser sends: answer 422. Their
    // values in `fields` are empty, so that a handler which forgets to look stores nothing broken.
    std::vector<std::string> not_utf8;

    // The first value of that name, or an empty string.
    std::string get(std::string_view name) const;
    // Every value of that name, in order: check boxes, lists with several choices.
    std::vector<std::string> all(std::string_view name) const;
};

// Takes a body apart as its Content-Type says. Throws HttpError: 415 for any other type, 400 when
// the body is not well-formed or a field's name is not UTF-8, 413 past a limit.
Form parse_form(std::string_view content_type, std::string_view body,
                const FormLimits& limits = {});

// The last component of a name from another computer, with either slash: without control
// characters, leading dots (`..`, hidden files), at most 100 bytes (the end, so that the extension
// stays), always valid UTF-8, and never empty: "unnamed" if nothing is left.
// Safe to show (escaped). To store the file, choose a name of your own: two visitors may use one.
std::string safe_filename(std::string_view name);
