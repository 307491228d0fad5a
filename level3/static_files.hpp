// Serves the files of one folder, and nothing outside it: with types, validators, ranges and
// compressed copies.
// Leaves out: listing a directory, several ranges in one reply (RFC 9110 §14.2 lets a server ignore
// a Range), and writing.
#pragma once

#include <sys/stat.h>

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
    // out of the folder, or through a name that begins with a dot, is 404, as if there were no such
    // file.
    Response serve_file(const Request& request, const std::string& path);

  private:
    // A file as it was when we last looked.
    struct StoredFile {
        bool is_directory = false;
        std::uint64_t size = 0;
        std::time_t modified = 0;
        std::string etag;                        // quoted, as in the field
        Headers headers;                         // the fields that describe it, ETag included
        bool has_gzip = false;                   // there is a compressed copy, its name plus .gz
        std::string content;                     // if the file is small
        std::shared_ptr<const Descriptor> file;  // if it is large
        Clock::time_point looked_at;
    };
    using StoredFilePtr = std::shared_ptr<const StoredFile>;

    enum class Coding { none, gzip };

    StoredFilePtr find(const std::string& path, Coding coding);
    StoredFilePtr load(const std::string& path, Coding coding) const;
    std::shared_ptr<const Descriptor> open_file(const std::string& name) const;
    void describe(StoredFile& stored, const std::string& path, Coding coding,
                  const struct stat& facts) const;
    static Response whole_or_part(const Request& request, const StoredFile& file);
    static Response whole(const StoredFile& file);
    static Response part(const StoredFile& file, std::uint64_t offset, std::uint64_t length);

    std::filesystem::path folder_;
    std::mutex mutex_;  // guards cache_
    std::map<std::pair<std::string, Coding>, StoredFilePtr> cache_;
};
