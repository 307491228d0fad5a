// A folder for one case, inside the folder that the server serves at /files/. It is removed when
// the case ends, or by the supervisor if the run dies.
#pragma once

#include <ctime>
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

    // Sets when a file was last changed, in seconds since 1970.
    void set_changed(const std::string& name, std::time_t when) const;

    // A file of `size` bytes from pattern(), written in pieces.
    std::string write_pattern(const std::string& name, std::size_t size) const;

  private:
    std::filesystem::path path_;
};

// A shell command that makes the files of all PublicFolders that these bytes ask for, so that a
// request can be repeated by hand when they have gone; empty if there are none.
std::string how_to_make_files_in(std::string_view sent);

// A folder beside another one, with a name that begins like its neighbour's, and a secret in it.
class NeighbourFolder {
  public:
    explicit NeighbourFolder(const std::filesystem::path& neighbour);
    ~NeighbourFolder();
    NeighbourFolder(const NeighbourFolder&) = delete;
    NeighbourFolder& operator=(const NeighbourFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string name() const { return path_.filename().string(); }
    // What its secret.txt says.
    static std::string secret() { return "the secret of another folder"; }

  private:
    std::filesystem::path path_;
};

// `size` bytes of a fixed sequence, from `offset` on. No two places in it look alike for long, so a
// byte that is lost, doubled or moved shows.
std::string pattern(std::size_t offset, std::size_t size);
