// Forms: what a browser sends when a visitor submits one. The body has one of two formats,
// application/x-www-form-urlencoded (fields only) or multipart/form-data (fields and files, RFC
// 7578), and both end up in the same Form. A stranger has written all of it, so check it.
// Leaves out: reading in pieces (the whole body is in memory, bounded by --max-body), charsets
// other than UTF-8, and nested multiparts, which RFC 7578 §4.3 has abolished.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A form past any of these limits is 413. File controls that were left empty count only towards the
// sum of `fields` and `files`.
struct FormLimits {
    std::size_t fields = 1000;
    std::size_t files = 100;
    std::size_t field_bytes = 500'000;      // the value of one text field, decoded
    std::size_t part_header_bytes = 8'192;  // the header of one part of a multipart body
    std::size_t part_header_fields = 16;    // in the header of one part; browsers send two
};

struct UploadedFile {
    std::string name;          // the name of the form's control
    std::string filename;      // the visitor's name for the file, made safe by safe_filename()
    std::string content_type;  // the browser's guess: never send it back unchecked
    std::string content;       // the bytes as they were sent
};

struct Form {
    // In the order of the body. A name may appear several times. Line ends in a text area are CRLF.
    std::vector<std::pair<std::string, std::string>> fields;
    std::vector<UploadedFile> files;  // without file controls that were left empty

    // Names of the fields whose value isn't valid UTF-8, which no browser sends: answer 422. Their
    // values in `fields` are empty, so that a handler that forgets to look stores nothing broken.
    std::vector<std::string> not_utf8;

    // The first value with that name, or an empty string.
    std::string get(std::string_view name) const;
    // Every value with that name, in order: check boxes and lists with several choices send more.
    std::vector<std::string> all(std::string_view name) const;
};

// Parses a body as its Content-Type says. Throws HttpError: 415 for any other type, 400 if the body
// is malformed or the name of a field isn't UTF-8, 413 past a limit.
Form parse_form(std::string_view content_type, std::string_view body,
                const FormLimits& limits = {});

// The last component of a path from another computer, with either kind of slash. Control characters
// and leading dots (`..`, hidden files) are removed. The result is valid UTF-8 of at most 100 bytes
// (the last ones, so that the extension stays), or "unnamed" if nothing is left.
// It is safe to show (escaped). To store the file, choose a name of your own, because two visitors
// may send the same one.
std::string safe_filename(std::string_view name);
