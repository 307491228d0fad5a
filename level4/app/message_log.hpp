// The file behind the message store: a row of lines that only grows. A line that was written is
// never overwritten, so it can be read at any time, by any thread, without a lock. Several
// processes may share one file, and other programs may replace it (sed -i, mv, a log rotation).
// Leaves out: what the lines mean (message_table.hpp), making the file smaller again, and what to
// do once the file was replaced (message_store.hpp).
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"
#include "../../common/descriptor.hpp"
#include "app/deadline_mutex.hpp"

// One opened file. If the path leads to another one, make another log.
// All functions throw std::runtime_error when the disk fails; those that write also throw StoreFull
// (disk.hpp). Threads may call read() at any time. A mutex of the owner guards
// everything else.
class MessageLog {
  public:
    // Where a line lies in the file, in bytes, without its line end.
    struct Place {
        std::uint64_t offset;
        std::uint64_t length;
    };
    using Take = std::function<void(std::string_view line, Place place)>;

    // Makes the folder and the file unless they exist. Where the file system is read-only, the file
    // is opened for reading. Reads nothing yet.
    explicit MessageLog(const std::filesystem::path& file);
    bool writable() const;

    // The lock that keeps other processes from writing, for std::unique_lock. It does nothing
    // between threads of this process, because they share the open file and with it the lock.
    bool try_lock();  // false if another process has it
    void unlock();

    // What has become of the file since it was last read. Costs one stat(), and a pread() if it has
    // grown. A file that can't be looked at counts as replaced: opening it again tells why.
    enum class State {
        unchanged,
        grown,
        replaced,  // the path leads to another file or to none, or this one was shortened
    };
    State look() const;

    // Calls `take` for each complete line that has been added since the last call, by any process.
    // Returns what follows the last line end. Needs no lock, because a line that has its line
    // end doesn't change any more.
    std::string read_new_lines(const Take& take);

    // The next two are for what read_new_lines() has returned, under the file's lock. The next
    // read_new_lines() shows what has become of it.
    void complete_last_line();
    // Keeps `half`, a line whose writer was killed before it could report it as safe, in the file
    // .broken beside ours, and cuts it off. Does neither if the file is growing: see the function.
    void cut_off(const std::string& half);

    // Under the file's lock, after read_new_lines() has returned "": appends a line, whole or not
    // at all, and calls `take` for it. It may not be on disk yet. Returns false, and calls nothing,
    // if a program that doesn't respect the lock has written in the same moment.
    bool append(std::string line, const Take& take);

    // Returns when everything that was appended so far survives a power cut. `lock` is the owner's
    // mutex, which is free while the disk works. False if the path has led to another file since,
    // or the file was shortened: then what was appended must be written again, into another log.
    // Throws StoreBusy after the deadline, while another thread waits for the disk.
    bool wait_until_on_disk(std::unique_lock<DeadlineMutex>& lock, Clock::time_point deadline);
    // Has a thread waited for the disk since then?
    bool has_waited_since(Clock::time_point time) const {
        return syncing_since_ && *syncing_since_ <= time;
    }

    // The bytes at that place; fewer if the file was shortened.
    std::string read(Place place) const;

    // After a failure of sync_content() nothing is taken any more: see wait_until_on_disk().
    bool disk_failed() const { return disk_failed_; }
    void set_disk_failed() { disk_failed_ = true; }

    const std::string& path() const { return path_; }

  private:
    Descriptor open_file();
    std::uint64_t size() const;
    std::optional<std::uint64_t> size_by_path() const;
    std::size_t take_lines(std::string_view text, std::size_t searched, const Take& take);
    [[noreturn]] void take_back(std::size_t written, int error);

    const std::string path_;
    const Descriptor file_;
    dev_t device_ = 0;  // with inode_: which file this is, whatever its name
    ino_t inode_ = 0;

    std::uint64_t end_ = 0;      // the file has been read, or written by us, up to here
    std::uint64_t on_disk_ = 0;  // the file survives a power cut up to here
    std::optional<Clock::time_point> syncing_since_;  // a thread is in sync_content()
    bool replaced_ = false;     // final: the path was found to lead elsewhere after a write
    bool disk_failed_ = false;  // final: see wait_until_on_disk()
    std::condition_variable_any synced_;
};
