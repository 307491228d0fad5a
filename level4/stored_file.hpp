// A file as it was last read: its content, or the open file if it is large, the fields that
// describe it, and its compressed copy.
// Leaves out: writing.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "../common/clock.hpp"
#include "../common/descriptor.hpp"
#include "headers.hpp"

// A file as it was when we last looked.
struct StoredFile {
    bool is_directory = false;
    std::uint64_t size = 0;
    std::optional<std::time_t> modified;     // nothing if no HTTP date can say it
    std::string etag;                        // quoted, as in the field
    Headers headers;                         // the fields that every reply with it has
    Headers content_headers;                 // those that only its content needs
    std::string content;                     // if the file is small
    std::shared_ptr<const Descriptor> file;  // if it is large
    std::shared_ptr<const StoredFile> gzip;  // its compressed copy, if there is one
    Clock::time_point looked_at;
};
using StoredFilePtr = std::shared_ptr<const StoredFile>;

// Looks up the file at `path`, relative to the folder, whose own path is canonical. Returns nullptr
// if there isn't one that may be served, also if a symbolic link leads out of the folder. Throws
// HttpError with 403 for one that may not be read, and with 503 if too many files are open.
StoredFilePtr load_file(const std::filesystem::path& folder, const std::string& path);
