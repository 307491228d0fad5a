// What visitors wrote, kept in a file: a line of JSON for each message. A change and a deletion are
// further lines at its end. When a call returns, what it did is on disk, and survives kill -9 and a
// power cut.
// Leaves out: search. Old versions of a message stay in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/message.hpp"
#include "app/message_log.hpp"
#include "app/message_table.hpp"
#include "body/json.hpp"

// Several threads may use one store, and several processes one file. Memory holds no text, only
// where in the file each message lies.
// All functions throw std::runtime_error when the disk fails; those that write also throw StoreFull
// (disk.hpp).
class MessageStore {
  public:
    // Makes the folder and the file unless they exist. Half a line at the end is cut off. Any other
    // line that can't be read is skipped and stays in the file; standard error gets its number.
    explicit MessageStore(const std::filesystem::path& file);
    MessageStore(const MessageStore&) = delete;
    MessageStore& operator=(const MessageStore&) = delete;

    // The texts must be UTF-8; how long they may be is for the caller to decide.
    Message add(const std::string& name, const std::string& email, const std::string& message);

    // Nothing, or false, if there is no such message, or it was deleted.
    std::optional<Message> find(std::int64_t id);
    std::optional<Message> update(std::int64_t id, const std::string& name,
                                  const std::string& email, const std::string& message);
    bool remove(std::int64_t id);

    // One page of the list that begins with the newest message, after the first `offset` of them.
    std::vector<Message> newest(std::size_t offset, std::size_t limit);
    std::size_t total();

  private:
    void read_if_grown();
    void catch_up();
    void read_line(std::string_view line, MessageLog::Place place);
    void append(const Json& record);
    Message read_message(MessageLog::Place place) const;

    std::mutex mutex_;  // guards all members, and is taken before the file's lock
    MessageLog log_;
    MessageTable table_;
    std::uint64_t lines_ = 0;  // how many lines of the file are in the table
};
