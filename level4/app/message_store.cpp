// Every write goes the same way: lock the file, read what other processes have added, append one
// line with one write(), unlock, and wait until the disk has it. The table in memory is built by
// reading the file from its start, and follows it line by line from then on.
#include "app/message_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "../../common/output.hpp"

namespace {

constexpr std::uint64_t piece_size = 256 * 1024;  // of the file, read at once

// JavaScript counts in doubles, which are exact up to here: a larger id would come back changed.
constexpr std::int64_t max_id = std::int64_t{1} << 53;

// Keeps other processes away from the file while it lives. It does nothing between threads of this
// process, which share the open file and with it the lock: mutex_ does that.
class FileLock {
  public:
    explicit FileLock(const Descriptor& file) : descriptor_(file.number()) {
        while (flock(descriptor_, LOCK_EX) != 0) {
            if (errno != EINTR) throw_disk_error("Cannot lock the messages", errno);
        }
    }
    ~FileLock() { flock(descriptor_, LOCK_UN); }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    int descriptor_;
};

// O_APPEND makes the kernel look up the end of the file in each write(), so nothing can ever be
// written over what is there. Nobody else may read the file: it holds e-mail addresses.
int open_log(const std::filesystem::path& file) {
    const auto folder = std::filesystem::absolute(file).parent_path();
    make_folder(folder);
    const int descriptor = open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) throw_disk_error("Cannot open " + file.string(), errno);
    return descriptor;
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

// Throws JsonError if anything is missing or of the wrong kind.
Message to_message(const Json& record) {
    return {record.at("id").as_int(), record.at("name").as_string(), record.at("email").as_string(),
            record.at("message").as_string(), record.at("created").as_string()};
}

}  // namespace

// --- What callers see ---

Json to_json(const Message& message) {
    return Json{{"id", message.id},
                {"name", message.name},
                {"email", message.email},
                {"message", message.message},
                {"created", message.created}};
}

Json to_page_values(const Message& message) {
    Json values = to_json(message);
    std::string when = message.created;  // 2026-11-21T10:25:00Z
    std::replace(when.begin(), when.end(), 'T', ' ');
    if (when.ends_with('Z')) when.replace(when.size() - 1, 1, " UTC");
    values.set("when", when);
    return values;
}

MessageStore::MessageStore(const std::filesystem::path& file)
    : path_(file.string()), file_(open_log(file)) {
    // A device or a pipe can be opened as well, but keeps nothing.
    if (!std::filesystem::is_regular_file(file)) throw std::runtime_error(path_ + " is no file");
    sync_folder(std::filesystem::absolute(file).parent_path());
    const FileLock file_lock(file_);
    catch_up();
}

Message MessageStore::add(const std::string& name, const std::string& email,
                          const std::string& message) {
    std::unique_lock lock(mutex_);
    Message added;
    {
        const FileLock file_lock(file_);
        catch_up();  // first: another process may have given the next id away
        if (last_id_ >= max_id) throw StoreFull(path_ + ": no id is left");
        added = {last_id_ + 1, name, email, message, utc_now()};
        append(to_json(added));
    }
    // The file's lock is gone by now: other processes write while we wait for the disk.
    wait_until_on_disk(lock);
    return added;
}

std::optional<Message> MessageStore::find(std::int64_t id) {
    std::unique_lock lock(mutex_);
    read_if_grown();
    const Place* const found = locate(id);
    if (found == nullptr) return std::nullopt;
    const Place place = *found;
    // What stands in the file never changes, so it can be read while others write.
    lock.unlock();
    return read_message(place);
}

std::optional<Message> MessageStore::update(std::int64_t id, const std::string& name,
                                            const std::string& email, const std::string& message) {
    std::unique_lock lock(mutex_);
    Message updated;
    {
        const FileLock file_lock(file_);
        catch_up();
        const Place* const place = locate(id);
        if (place == nullptr) return std::nullopt;
        updated = {id, name, email, message, read_message(*place).created};
        append(to_json(updated));
    }
    wait_until_on_disk(lock);
    return updated;
}

bool MessageStore::remove(std::int64_t id) {
    std::unique_lock lock(mutex_);
    {
        const FileLock file_lock(file_);
        catch_up();
        if (locate(id) == nullptr) return false;
        append(Json{{"id", id}, {"deleted", true}});
    }
    wait_until_on_disk(lock);
    return true;
}

std::vector<Message> MessageStore::newest(std::size_t offset, std::size_t limit) {
    Places page;
    {
        const std::lock_guard lock(mutex_);
        read_if_grown();
        const auto begin = std::min(offset, places_.size());
        const auto count = std::min(limit, places_.size() - begin);
        const auto first = places_.rbegin() + static_cast<std::ptrdiff_t>(begin);
        page.assign(first, first + static_cast<std::ptrdiff_t>(count));
    }
    std::vector<Message> messages;  // read without the lock, as in find()
    for (const Place& place : page) messages.push_back(read_message(place));
    return messages;
}

std::size_t MessageStore::total() {
    const std::lock_guard lock(mutex_);
    read_if_grown();
    return places_.size();
}

// --- Reading ---

// Nobody but us should touch the file while we run. Where somebody does, say so and stop writing:
// messages in a deleted file would be lost, and in a shortened one none is where the table says.
std::uint64_t MessageStore::file_size() const {
    struct stat facts {};
    if (fstat(file_.number(), &facts) != 0) throw_disk_error("Cannot look at " + path_, errno);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (facts.st_nlink == 0 || size < end_) {
        throw std::runtime_error(path_ + " was deleted or shortened; restart the server");
    }
    return size;
}

// Before a read: costs one fstat(), and the file's lock only when another process has written.
void MessageStore::read_if_grown() {
    if (file_size() == end_) return;
    const FileLock file_lock(file_);
    catch_up();
}

// Reads from end_ on, under the file's lock. Everybody writes under that lock and whole lines only,
// so half a line at the end is what is left of a writer that was killed.
void MessageStore::catch_up() {
    const std::uint64_t size = file_size();
    std::string text;  // what has been read of lines that are not yet complete
    for (std::uint64_t position = end_; position < size;) {
        const std::size_t known = text.size();  // there is no line end before
        text += read_bytes(position, std::min(piece_size, size - position));
        position = end_ + text.size();
        std::size_t start = 0;
        std::size_t stop = text.find('\n', known);
        while (stop != std::string::npos) {
            read_line(std::string_view(text).substr(start, stop - start));
            start = stop + 1;
            stop = text.find('\n', start);
        }
        text.erase(0, start);
    }
    if (text.empty()) return;
    print_error(path_ + ": cutting off " + std::to_string(text.size()) + " bytes of half a line");
    if (ftruncate(file_.number(), static_cast<off_t>(end_)) != 0) {
        throw_disk_error("Cannot cut off half a line of " + path_, errno);
    }
}

// A line that cannot be read may be the only trace of an id, so one is counted as taken.
void MessageStore::read_line(std::string_view line) {
    ++lines_;
    try {
        apply(Json::parse(line), line.size());
    } catch (const JsonError& error) {
        ++last_id_;
        print_error(path_ + ", line " + std::to_string(lines_) + ", is not a message (" +
                    error.what() + "); it is passed over");
    }
    end_ += line.size() + 1;
}

// Enters the line that begins at end_ into the table. Deleting from the middle of a vector moves
// what follows it, but a million places are moved in a few milliseconds, and stay this small.
void MessageStore::apply(const Json& record, std::uint64_t length) {
    const std::int64_t id = record.at("id").as_int();
    if (id < 1 || id > max_id) throw JsonError("there is no such id");
    const Json* const deleted = record.find("deleted");
    if (deleted == nullptr) to_message(record);  // throws unless all of it is there

    const std::size_t index = index_of(id);
    const auto place = places_.begin() + static_cast<std::ptrdiff_t>(index);
    const bool known = locate(id) != nullptr;
    if (deleted != nullptr) {
        if (known) places_.erase(place);
    } else if (known) {
        *place = {id, end_, length};
    } else {
        places_.insert(place, {id, end_, length});
    }
    last_id_ = std::max(last_id_, id);
}

// Where the message is in the table, or would be.
std::size_t MessageStore::index_of(std::int64_t id) const {
    const auto place = std::lower_bound(
        places_.begin(), places_.end(), id,
        [](const Place& candidate, std::int64_t wanted) { return candidate.id < wanted; });
    return static_cast<std::size_t>(place - places_.begin());
}

const MessageStore::Place* MessageStore::locate(std::int64_t id) const {
    const std::size_t index = index_of(id);
    return index < places_.size() && places_[index].id == id ? &places_[index] : nullptr;
}

// pread() takes the offset along, so threads that read don't disturb each other.
std::string MessageStore::read_bytes(std::uint64_t offset, std::uint64_t length) const {
    std::string bytes(length, '\0');
    for (std::size_t done = 0; done < length;) {
        const ssize_t count = pread(file_.number(), bytes.data() + done, length - done,
                                    static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw_disk_error("Cannot read " + path_, count < 0 ? errno : EIO);
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

Message MessageStore::read_message(const Place& place) const {
    return to_message(Json::parse(read_bytes(place.offset, place.length)));
}

// --- Writing ---

// Under the file's lock and after catch_up(). A line is written whole or not at all: a disk that
// fills up in the middle of it gets the first half back.
void MessageStore::append(const Json& record) {
    if (disk_failed_)
        throw std::runtime_error(path_ + ": the disk has failed; restart the server once it works");
    const std::string line = record.dump() + '\n';
    const ssize_t written = write(file_.number(), line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) {
        const int error = written < 0 ? errno : ENOSPC;
        // Should even this fail, the next catch_up() cuts it off, of whatever process.
        if (ftruncate(file_.number(), static_cast<off_t>(end_)) != 0) {
            throw std::runtime_error("Cannot take back half a line of " + path_);
        }
        throw_disk_error("Cannot write to " + path_, error);
    }
    apply(record, line.size() - 1);  // first, because it enters the line that begins at end_
    end_ += line.size();
    ++lines_;
}

// A disk takes about as long to make one line safe as to make fifty. So the first thread that
// comes waits for the disk, without the mutex; those that come meanwhile write their lines and
// wait; then one of them asks the disk once for all of them ("group commit"). Measured with 64
// threads: 36,000 messages a second, against 370 where each thread asks for its own.
// Readers may see a message a moment before it is on disk, but its writer is told only after.
void MessageStore::wait_until_on_disk(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t mine = end_;
    while (on_disk_ < mine && !disk_failed_) {
        if (syncing_) {
            synced_.wait(lock);
            continue;
        }
        syncing_ = true;
        const std::uint64_t covered = end_;  // what comes meanwhile waits for the next round
        lock.unlock();
        const bool good = fdatasync(file_.number()) == 0;
        lock.lock();
        syncing_ = false;
        if (good) on_disk_ = covered;
        // Linux reports lost data once, and the next fdatasync() succeeds without it. So nothing
        // can be promised any more until somebody has looked at the disk and restarted us.
        if (!good) disk_failed_ = true;
        synced_.notify_all();
    }
    if (on_disk_ < mine) throw std::runtime_error(path_ + ": a message may not be on disk");
}

// --- Shared with upload_store.cpp ---

void make_folder(const std::filesystem::path& folder) {
    std::error_code error, ignored;
    std::filesystem::create_directories(folder, error);
    if (!std::filesystem::is_directory(folder, ignored)) {
        throw_disk_error("Cannot make the folder " + folder.string(), error.value());
    }
}

void sync_folder(const std::filesystem::path& folder) {
    const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || fsync(opened.number()) != 0) {
        throw_disk_error("Cannot write the folder " + folder.string(), errno);
    }
}

void throw_disk_error(const std::string& what, int error) {
    const std::string explanation = what + ": " + std::generic_category().message(error);
    // No space, above one's quota, beyond the greatest size that a file may have.
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) throw StoreFull(explanation);
    throw std::runtime_error(explanation);
}
