// A folder for --data that a case has for itself, and servers of ours that use it. For the cases
// that need --program=PATH.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "server_process.hpp"

class DataFolder {
  public:
    // `below`: a folder in it that is not made, for the server to make.
    explicit DataFolder(const std::string& below = "");
    ~DataFolder();
    DataFolder(const DataFolder&) = delete;
    DataFolder& operator=(const DataFolder&) = delete;

    const std::filesystem::path& root() const { return root_; }
    const std::filesystem::path& path() const { return path_; }

    // The server of this run with --data on it and these arguments; `before` is shell in front.
    Launch launch(const std::string& arguments, const std::vector<std::string>& environment = {},
                  const std::string& before = "") const;

  private:
    std::filesystem::path root_;
    std::filesystem::path path_;
};

// For cases that only want a store that is empty and theirs: with our own program they get that,
// with another server one of its own, with whatever store it has.
Launch launch_alone(const DataFolder& data);

// Keeps our own server from writing to its store, as another process would that shares the file. A
// case can so hold a message where it is, without a clock.
class StoreLock {
  public:
    explicit StoreLock(const DataFolder& data);
    ~StoreLock() { release(); }
    StoreLock(const StoreLock&) = delete;
    StoreLock& operator=(const StoreLock&) = delete;
    void release();

  private:
    int file_;
};

// A line of shell that starts our program.
std::string program_line(const std::string& arguments);
