// A folder for one case, inside the folder that the server serves at /files/. It is removed when
// the case ends, or by the supervisor if the run dies.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

class PublicFolder {
  public:
    PublicFolder();
    ~PublicFolder();
    PublicFolder(const PublicFolder&) = delete;
    PublicFolder& operator=(const PublicFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    // The address of a file in it; the name is used as it is, encoded or not.
    std::string address(std::string_view name) const;

    // Writes a file, with the folders on the way to it, and returns its address (percent-encoded).
    std::string write(const std::string& name, std::string_view content) const;

    // A file of `size` bytes from pattern(), written in pieces.
    std::string write_pattern(const std::string& name, std::size_t size) const;

  private:
    std::filesystem::path path_;
};

// `size` bytes of a fixed sequence, from `offset` on. No two places in it look alike for long, so a
// byte that is lost, doubled or moved shows.
std::string pattern(std::size_t offset, std::size_t size);
