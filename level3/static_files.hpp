// Serves the files of one folder, and nothing outside it: with types, validators, ranges and
// compressed copies.
// Leaves out: listing a directory, several ranges in one reply (RFC 9110 §14.2 lets a server ignore
// a Range), and writing.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "request.hpp"
#include "response.hpp"
#include "stored_file.hpp"

class StaticFiles {
  public:
    // Throws std::filesystem::filesystem_error if the folder does not exist.
    explicit StaticFiles(const std::filesystem::path& folder);

    // The reply to a GET or HEAD for the file at `path`, relative to the folder. A path that leads
    // out of the folder, or through a name that begins with a dot, is 404, as if there were no such
    // file.
    Response serve_file(const Request& request, const std::string& path);

  private:
    StoredFilePtr find_in_memory(const std::string& path);
    StoredFilePtr find(const std::string& path);

    std::filesystem::path folder_;
    std::mutex mutex_;  // guards cache_
    std::map<std::string, StoredFilePtr> cache_;
};
