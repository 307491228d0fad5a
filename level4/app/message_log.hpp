// The file behind the message store: a row of lines that only grows. A line that was written is
// never overwritten, so it can be read at any time, by any thread, without a lock. Several
// processes may share one file.
// Leaves out: what the lines mean (message_table.hpp), and making the file smaller again.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "../../common/descriptor.hpp"

// All functions throw std::runtime_error when the disk fails; those that write also throw StoreFull
// (disk.hpp). Threads may call read() at any time. A mutex of the owner guards everything else.
class MessageLog {
  public:
    // Where a line lies in the file, in bytes, without its line end.
    struct Place {
        std::uint64_t offset;
        std::uint64_t length;
    };
    using Take = std::function<void(std::string_view line, Place place)>;

    // Makes the folder and the file unless they exist. Reads nothing yet.
    explicit MessageLog(const std::filesystem::path& file);

    // Keeps other processes away from the file while it lives. It does nothing between threads of
    // this process, because they share the open file and with it the lock.
    class Lock {
      public:
        explicit Lock(const MessageLog& log);
        ~Lock();
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;

      private:
        int descriptor_;
    };

    // True if the file holds more than has been read. Costs one fstat().
    bool has_grown() const { return size() != end_; }

    // Under a Lock: calls `take` for each line that has been added since the last call, by any
    // process. Half a line at the end is cut off, because its writer was killed before it
    // could report the line as safe. A line for which `take` throws is read again next time.
    void read_new_lines(const Take& take);

    // Under the same Lock, after read_new_lines(): appends a line, whole or not at all, and calls
    // `take` for it. It may not be on disk yet.
    void append(std::string line, const Take& take);

    // Returns when everything that was appended so far survives a power cut. `lock` is the owner's
    // mutex, which is free while the disk works.
    void wait_until_on_disk(std::unique_lock<std::mutex>& lock);

    std::string read(Place place) const;

    const std::string& path() const { return path_; }

  private:
    std::uint64_t size() const;
    std::size_t take_lines(std::string_view text, std::size_t searched, const Take& take);
    void cut_off(std::size_t length);

    const std::string path_;  // for the messages of errors
    const Descriptor file_;

    std::uint64_t end_ = 0;      // the file has been read, or written by us, up to here
    std::uint64_t on_disk_ = 0;  // the file survives a power cut up to here
    bool syncing_ = false;       // a thread is in fdatasync()
    bool disk_failed_ = false;   // final: see wait_until_on_disk()
    std::condition_variable synced_;
};
