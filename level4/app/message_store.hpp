// What visitors wrote, kept in a file: a line of JSON for each message. The file is a log: a change
// and a deletion are further lines at its end, and nothing that was written is ever overwritten.
// When a call returns, what it did is on disk, and survives kill -9 and a power cut.
// Leaves out: search, and making the file smaller again. Old versions of a message stay in it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../../common/descriptor.hpp"
#include "body/json.hpp"

struct Message {
    std::int64_t id = 0;  // counts from 1; no other message ever gets it, not even after a deletion
    std::string name;
    std::string email;
    std::string message;
    std::string created;  // 2026-11-21T10:25:00Z; a change keeps it

    bool operator==(const Message&) const = default;
};

// As the API shows it, and as it stands in the file.
Json to_json(const Message& message);

// As the templates show it: that, and in `when` the time as people read it.
Json to_page_values(const Message& message);

// The disk is full, or the file has grown as large as it may. Nothing was written: answer 507. (For
// the second case the program must ignore SIGXFSZ, which would end it: handle_signals() in common/
// does.)
struct StoreFull : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Several threads may use one store, and several processes one file. Memory holds no text, only
// where in the file each message lies: 24 to 48 bytes a message.
// All functions throw std::runtime_error when the disk fails; those that write, StoreFull as well.
class MessageStore {
  public:
    // Makes the folder and the file if need be. Half a line at the end is cut off: somebody was
    // killed while writing it, so nobody was told that it is safe. Any other line that cannot be
    // read is passed over and stays in the file; standard error gets its number.
    explicit MessageStore(const std::filesystem::path& file);
    MessageStore(const MessageStore&) = delete;
    MessageStore& operator=(const MessageStore&) = delete;

    // The texts must be UTF-8; how long they may be is for the caller to decide.
    Message add(const std::string& name, const std::string& email, const std::string& message);

    // Nothing, or false, when there is no such message (any more).
    std::optional<Message> find(std::int64_t id);
    std::optional<Message> update(std::int64_t id, const std::string& name,
                                  const std::string& email, const std::string& message);
    bool remove(std::int64_t id);

    // A page of the list that begins with the newest message. `offset` of them are left out.
    std::vector<Message> newest(std::size_t offset, std::size_t limit);
    std::size_t total();

  private:
    // Where the latest version of a message lies in the file.
    struct Place {
        std::int64_t id;
        std::uint64_t offset;
        std::uint64_t length;  // without the line end
    };
    using Places = std::vector<Place>;

    std::uint64_t file_size() const;
    void read_if_grown();
    void catch_up();
    void read_line(std::string_view line);
    void apply(const Json& record, std::uint64_t length);
    void append(const Json& record);
    void wait_until_on_disk(std::unique_lock<std::mutex>& lock);
    std::size_t index_of(std::int64_t id) const;
    const Place* locate(std::int64_t id) const;
    std::string read_bytes(std::uint64_t offset, std::uint64_t length) const;
    Message read_message(const Place& place) const;

    const std::string path_;  // for the messages of errors
    const Descriptor file_;

    std::mutex mutex_;           // guards all that follows, and is taken before the file's lock
    Places places_;              // sorted by id
    std::int64_t last_id_ = 0;   // the greatest one given so far
    std::uint64_t end_ = 0;      // the file is known up to here
    std::uint64_t lines_ = 0;    // before end_
    std::uint64_t on_disk_ = 0;  // up to here the file survives a power cut
    bool syncing_ = false;       // a thread is in fdatasync()
    bool disk_failed_ = false;
    std::condition_variable synced_;
};

// What upload_store.cpp needs, too. Makes a folder and those above it; throws std::runtime_error.
void make_folder(const std::filesystem::path& folder);
// A new file is safe only when its folder is on disk as well: the name stands there.
void sync_folder(const std::filesystem::path& folder);
// Throws StoreFull when `error`, an errno, says that there is no room; else std::runtime_error.
[[noreturn]] void throw_disk_error(const std::string& what, int error);
