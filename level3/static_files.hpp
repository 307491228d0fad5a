// Serves the files of one folder: types, validators, ranges, compressed copies; no way out of it.
// Leaves out: listing a directory, several ranges in one reply (RFC 9110 §14.2 lets a server ignore
// a Range), and writing.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "../common/clock.hpp"
#include "../common/descriptor.hpp"
#include "file.hpp"
#include "request.hpp"
#include "response.hpp"

class StaticFiles {
  public:
    // Throws std::filesystem::filesystem_error if the folder does not exist.
    explicit StaticFiles(const std::filesystem::path& folder);

    // The reply to a GET or HEAD for the file at `path`, relative to the folder. A path that leads
    // out of the folder, or to a name that begins with a dot, is answered as a missing file is.
    Response serve_file(const Request& request, const std::string& path);

  private:
    // A file as it was when it was last looked at.
    struct StoredFile {
        bool is_directory = false;
        std::uint64_t size = 0;
        std::time_t modified = 0;
        std::string etag;                        // quoted, as it goes into the field
        Headers headers;                         // all that describe it, the ETag too
        bool has_gzip = false;                   // a copy of the same name and .gz lies beside it
        std::string content;                     // of a small file
        std::shared_ptr<const Descriptor> file;  // of a large one
        Clock::time_point looked_at;
    };
    using StoredFilePtr = std::shared_ptr<const StoredFile>;

    enum class Coding { none, gzip };

    StoredFilePtr find(const std::string& path, Coding coding);
    StoredFilePtr load(const std::string& path, Coding coding) const;
    static Response whole(const StoredFile& file);
    static Response part(const StoredFile& file, std::uint64_t offset, std::uint64_t length);

    std::filesystem::path folder_;
    std::mutex mutex_;  // guards cache_
    std::map<std::pair<std::string, Coding>, StoredFilePtr> cache_;
};
