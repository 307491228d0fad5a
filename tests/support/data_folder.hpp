// A folder for --data that belongs to one case, and servers of ours that use it. For the cases that
// need --program=PATH.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "server_process.hpp"

class DataFolder {
  public:
    // `below`: a folder inside it that is left for the server to make.
    explicit DataFolder(const std::string& below = "");
    ~DataFolder();
    DataFolder(const DataFolder&) = delete;
    DataFolder& operator=(const DataFolder&) = delete;

    const std::filesystem::path& root() const { return root_; }
    const std::filesystem::path& path() const { return path_; }

    // How to start the server of this run with --data on this folder, and with these arguments.
    // `before` is shell code that runs first.
    Launch launch(const std::string& arguments, const std::vector<std::string>& environment = {},
                  const std::string& before = "") const;

  private:
    std::filesystem::path root_;
    std::filesystem::path path_;
};

// For cases that want a server to themselves. Our own program also gets an empty store; another
// server has whatever store it has.
Launch launch_alone(const DataFolder& data);

// Keeps our own server from writing to its store, as another process that shares the file would.
// With it a case can hold up a message for as long as it wants, without a clock.
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

// A shell command that starts our program.
std::string program_line(const std::string& arguments);
