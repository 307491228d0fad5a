// The file is the truth, and the table follows it. Before each read and each write the store reads
// what other processes have appended, so all of them give ids from one row.
#include "app/message_store.hpp"

#include <ctime>

#include "../../common/output.hpp"
#include "app/disk.hpp"

namespace {

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace

MessageStore::MessageStore(const std::filesystem::path& file) : log_(file) {
    const MessageLog::Lock file_lock(log_);
    catch_up();
}

// --- What callers see ---

Message MessageStore::add(const std::string& name, const std::string& email,
                          const std::string& message) {
    std::unique_lock lock(mutex_);
    Message added;
    {
        const MessageLog::Lock file_lock(log_);
        catch_up();  // first, because another process may have given the next id
        if (table_.last_id() >= MessageTable::max_id) {
            throw_store_full(log_.path() + ": there is no id left");
        }
        added = {table_.last_id() + 1, name, email, message, utc_now()};
        append(to_json(added));
    }
    // The file's lock is released by now, so other processes can write while we wait for the disk.
    log_.wait_until_on_disk(lock);
    return added;
}

std::optional<Message> MessageStore::find(std::int64_t id) {
    std::unique_lock lock(mutex_);
    read_if_grown();
    const auto* const found = table_.find(id);
    if (found == nullptr) return std::nullopt;
    const MessageLog::Place place = *found;
    lock.unlock();  // a line never changes, so it can be read while others write
    return read_message(place);
}

std::optional<Message> MessageStore::update(std::int64_t id, const std::string& name,
                                            const std::string& email, const std::string& message) {
    std::unique_lock lock(mutex_);
    Message updated;
    {
        const MessageLog::Lock file_lock(log_);
        catch_up();
        const auto* const place = table_.find(id);
        if (place == nullptr) return std::nullopt;
        updated = {id, name, email, message, read_message(*place).created};
        append(to_json(updated));
    }
    log_.wait_until_on_disk(lock);
    return updated;
}

bool MessageStore::remove(std::int64_t id) {
    std::unique_lock lock(mutex_);
    {
        const MessageLog::Lock file_lock(log_);
        catch_up();
        if (table_.find(id) == nullptr) return false;
        append(Json{{"id", id}, {"deleted", true}});
    }
    log_.wait_until_on_disk(lock);
    return true;
}

std::vector<Message> MessageStore::newest(std::size_t offset, std::size_t limit) {
    std::unique_lock lock(mutex_);
    read_if_grown();
    const auto places = table_.newest(offset, limit);
    lock.unlock();  // as in find()
    std::vector<Message> messages;
    for (const auto place : places) messages.push_back(read_message(place));
    return messages;
}

std::size_t MessageStore::total() {
    const std::lock_guard lock(mutex_);
    read_if_grown();
    return table_.size();
}

// --- The file and the table ---

// Before a read. Takes the file's lock only when another process has written.
void MessageStore::read_if_grown() {
    if (!log_.has_grown()) return;
    const MessageLog::Lock file_lock(log_);
    catch_up();
}

// Under the file's lock.
void MessageStore::catch_up() {
    log_.read_new_lines(
        [this](std::string_view line, MessageLog::Place place) { read_line(line, place); });
}

void MessageStore::read_line(std::string_view line, MessageLog::Place place) {
    try {
        table_.apply(Json::parse(line), place);
    } catch (const JsonError& error) {
        table_.apply_unreadable();
        print_error(log_.path() + ", line " + std::to_string(lines_ + 1) + ", is not a message (" +
                    error.what() + "); it is skipped");
    }
    ++lines_;
}

// Under the file's lock and after catch_up(). The line has been made of `record` and need not be
// read back from the file.
void MessageStore::append(const Json& record) {
    log_.append(record.dump(), [&](std::string_view, MessageLog::Place place) {
        table_.apply(record, place);
        ++lines_;
    });
}

Message MessageStore::read_message(MessageLog::Place place) const {
    return to_message(Json::parse(log_.read(place)));
}
