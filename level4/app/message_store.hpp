// What visitors wrote, kept in a file: a line of JSON for each message. A change and a deletion are
// further lines at its end. When a call returns, what it did is on disk, and survives kill -9, a
// power cut, and another program that puts another file in the place of ours.
// Leaves out: search. Old versions of a message stay in the file. A program that copies the file
// and puts the copy in its place (sed -i) loses what is written after its copy was made and before
// the copy is in place, if that was acknowledged by then. Only the lock of message_log.hpp prevents
// it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/deadline_mutex.hpp"
#include "app/message.hpp"
#include "app/message_log.hpp"
#include "app/message_table.hpp"
#include "body/json.hpp"

// Several threads may use one store, and several processes one file. Memory holds no text, only
// where in the file each message lies. If the path leads to another file, or the file turns out to
// hold other messages, it is read from its beginning; ids go on above all that were given.
// All functions throw std::runtime_error when the disk fails; those that write also throw StoreFull
// (disk.hpp). StoreBusy is thrown when `patience` is over, counted from `since`, when the client's
// request was complete, so time spent waiting for a worker counts. Those that read never wait for
// another process. (A thread that waits for the disk itself can't be called back, but there is only
// one at a time. Others wait for it, and once it has taken that long, nothing more is written.)
class MessageStore {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds usual_patience{5000};

    // Makes the folder and the file unless they exist. Half a line at the end is cut off, and kept
    // in the file .broken; JSON without a line end gets one. Any other line that can't be read is
    // skipped and stays in the file; standard error gets its number.
    explicit MessageStore(const std::filesystem::path& file,
                          std::chrono::milliseconds patience = usual_patience);
    MessageStore(const MessageStore&) = delete;
    MessageStore& operator=(const MessageStore&) = delete;

    // The texts must be UTF-8; how long they may be is for the caller to decide.
    Message add(const std::string& name, const std::string& email, const std::string& message,
                Clock::time_point since = Clock::now());

    // Nothing, or false, if there is no such message, or it was deleted.
    std::optional<Message> find(std::int64_t id, Clock::time_point since = Clock::now());
    std::optional<Message> update(std::int64_t id, const std::string& name,
                                  const std::string& email, const std::string& message,
                                  Clock::time_point since = Clock::now());
    bool remove(std::int64_t id, Clock::time_point since = Clock::now());

    // One page of the list that begins with the newest message, after the first `offset` of them.
    std::vector<Message> newest(std::size_t offset, std::size_t limit,
                                Clock::time_point since = Clock::now());
    // The messages that follow the one with this id, the oldest of them first.
    std::vector<Message> after(std::int64_t id, std::size_t limit,
                               Clock::time_point since = Clock::now());
    std::size_t total(Clock::time_point since = Clock::now());

  private:
    using Lock = std::unique_lock<DeadlineMutex>;
    // Returns the record to write, or nothing if there is nothing to do. Called again if the file
    // was replaced before the record was safe.
    using Change = std::function<std::optional<Json>()>;
    using Choose = std::function<std::vector<MessageTable::Entry>()>;
    enum class Attempt { done, pointless, again };

    bool write(Clock::time_point since, const Change& change);
    Attempt try_to_write(Clock::time_point deadline, const Change& change);
    bool is_too_late(Clock::time_point deadline, int rank);
    std::vector<Message> read(Clock::time_point since, const Choose& choose);
    Lock lock_until(Clock::time_point deadline, const char* refusal);

    std::string catch_up();
    void start_over();
    void repair(const std::string& last_line);
    std::string read_line(std::string_view line, MessageLog::Place place);
    bool exists(std::int64_t id) const;

    const std::filesystem::path file_;
    const std::chrono::milliseconds patience_;
    std::atomic<int> writers_ = 0;  // threads in write()
    DeadlineMutex
        mutex_;  // guards what follows; no thread waits for another process while it has it
    std::shared_ptr<MessageLog> log_;  // shared with threads that still read a file since replaced
    MessageTable table_;
    std::uint64_t lines_ = 0;         // how many lines of the file are in the table
    Clock::time_point busy_since_{};  // since when another process has had the file's lock
    Clock::time_point found_busy_{};  // when a writer last saw that it still had it
};
