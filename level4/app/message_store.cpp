// The file is the truth, and the table follows it. Before each read and each write the store reads
// what other processes have appended (message_store_lines.cpp), so all ids come from one sequence.
#include "app/message_store.hpp"

#include <algorithm>
#include <ctime>
#include <exception>
#include <thread>

#include "../../common/output.hpp"
#include "app/disk.hpp"

namespace {

// How often a writer looks whether the file's lock is free: after 1 ms, and then less and less.
constexpr std::chrono::milliseconds first_pause{1}, longest_pause{50};

// This many writers may wait for their whole patience, and those that come while they wait only for
// a moment. Otherwise writers would leave no thread for readers: event loops share 16 workers, and
// the other engine has 1,000 threads.
constexpr int most_waiting = 8;
constexpr std::chrono::milliseconds moment{500};

// Counts one more for as long as it lives.
class Counted {
  public:
    explicit Counted(std::atomic<int>& count) : rank(++count), count_(count) {}
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    const int rank;  // how many there were, with this one

  private:
    std::atomic<int>& count_;
};

constexpr const char* not_saved = "The messages can't be saved right now. Nothing was saved.";
constexpr const char* not_read = "The messages can't be read right now.";
constexpr const char* no_id_left =
    "The last message has the highest id that there is, so none can follow it.";

[[noreturn]] void throw_store_busy(const std::string& path, const char* refusal) {
    print_error(
        path + " is locked by another program, or the disk does not answer; a request was refused");
    throw StoreBusy(503, refusal);
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

// Nothing if another message stands there, or one that can't be read.
std::optional<Message> read_message(const MessageLog& log, const MessageTable::Entry& entry) {
    try {
        Message message = to_message(Json::parse(log.read(entry.place)));
        if (message.id == entry.id) return message;
    } catch (const JsonError&) {
        // Another program has written into the file.
    }
    return std::nullopt;
}

}  // namespace

// Another process that has the lock looks after the end of the file itself.
MessageStore::MessageStore(const std::filesystem::path& file, std::chrono::milliseconds patience)
    : file_(file), patience_(patience), log_(std::make_shared<MessageLog>(file)) {
    if (!log_->writable()) throw_disk_error("Cannot write to " + log_->path(), EROFS);
    const std::unique_lock file_lock(*log_, std::try_to_lock);
    const std::string last_line = catch_up();
    if (!file_lock || last_line.empty()) return;
    try {
        repair(last_line);
    } catch (const std::exception& error) {  // the disk is full: what is there can still be read
        print_error(log_->path() + ": half a line stays for now (" + error.what() + ")");
    }
}

// --- What callers see ---

Message MessageStore::add(const std::string& name, const std::string& email,
                          const std::string& message, Clock::time_point since) {
    Message added;  // has no id until it is written for the first time
    write(since, [&] {
        const auto* const there = table_.find(added.id);
        // It keeps its id if the file was replaced by a copy that has it. Otherwise another message
        // may have been given this id, so it gets a new one.
        if (there == nullptr || read_message(*log_, *there) != added) {
            if (table_.last_id() >= MessageTable::max_id) throw_store_full(no_id_left);
            added = {table_.last_id() + 1, name, email, message, utc_now()};
        }
        return to_json(added);
    });
    return added;
}

std::optional<Message> MessageStore::find(std::int64_t id, Clock::time_point since) {
    const auto found = read(since, [&] {
        const auto* const entry = table_.find(id);
        return entry != nullptr ? std::vector{*entry} : std::vector<MessageTable::Entry>{};
    });
    if (found.empty()) return std::nullopt;
    return found.front();
}

std::optional<Message> MessageStore::update(std::int64_t id, const std::string& name,
                                            const std::string& email, const std::string& message,
                                            Clock::time_point since) {
    std::optional<Message> updated;
    write(since, [&]() -> std::optional<Json> {
        if (updated) return to_json(*updated);  // again, into another file
        if (!exists(id)) return std::nullopt;
        const auto* const entry = table_.find(id);
        const auto before = entry != nullptr ? read_message(*log_, *entry) : std::nullopt;
        updated = {id, name, email, message, before ? before->created : utc_now()};
        return to_json(*updated);
    });
    return updated;
}

bool MessageStore::remove(std::int64_t id, Clock::time_point since) {
    bool existed = false;
    return write(since, [&]() -> std::optional<Json> {
        existed = existed || exists(id);
        if (!existed) return std::nullopt;
        return Json{{"id", id}, {"deleted", true}};
    });
}

std::vector<Message> MessageStore::newest(std::size_t offset, std::size_t limit,
                                          Clock::time_point since) {
    return read(since, [&] { return table_.newest(offset, limit); });
}

std::vector<Message> MessageStore::after(std::int64_t id, std::size_t limit,
                                         Clock::time_point since) {
    return read(since, [&] { return table_.after(id, limit); });
}

std::size_t MessageStore::total(Clock::time_point since) {
    const Lock lock = lock_until(since + patience_, not_read);
    catch_up();
    return table_.size();
}

// --- Writing ---

// flock() has no time-out, so it is asked again and again. False if there is nothing to do.
bool MessageStore::write(Clock::time_point since, const Change& change) {
    const Counted counted(writers_);
    const auto deadline = since + patience_;
    for (auto pause = first_pause;; pause = std::min(2 * pause, longest_pause)) {
        const Attempt attempt = try_to_write(deadline, change);
        if (attempt != Attempt::again) return attempt == Attempt::done;
        if (is_too_late(deadline, counted.rank)) throw_store_busy(file_.string(), not_saved);
        std::this_thread::sleep_for(pause);
    }
}

// The file may be replaced at any time. What was written into one that the path no longer leads to
// is written again, into the other.
MessageStore::Attempt MessageStore::try_to_write(Clock::time_point deadline, const Change& change) {
    Lock lock = lock_until(deadline, not_saved);
    const auto log = log_;
    std::unique_lock file_lock(*log, std::try_to_lock);
    if (!file_lock) {
        catch_up();  // the path may lead to another file, which is free
        return Attempt::again;
    }
    found_busy_ = {};
    const std::string last_line = catch_up();
    if (log_ != log) return Attempt::again;  // we have locked a file that is no longer ours
    if (!last_line.empty()) {
        repair(last_line);
        return Attempt::again;
    }
    const auto record = change();
    if (!record) return Attempt::pointless;
    if (log->has_waited_since(Clock::now() - patience_))
        throw_store_busy(file_.string(), not_saved);
    const bool appended =
        log->append(record->dump(), [&](std::string_view, MessageLog::Place place) {
            table_.apply(*record, place);
            ++lines_;
        });
    // From here on other processes can write, while we wait for the disk.
    file_lock.unlock();
    if (!appended) return Attempt::again;
    return log->wait_until_on_disk(lock, deadline) ? Attempt::done : Attempt::again;
}

// If other writers have waited long enough, the next one needn't: all of a long queue are told at
// about the same time. Each writer that waits comes by here once in `longest_pause`. So if the last
// one that came by is longer ago, nothing is known of the time in between, and a new wait begins.
bool MessageStore::is_too_late(Clock::time_point deadline, int rank) {
    const Lock lock = lock_until(deadline, not_saved);
    const auto now = Clock::now();
    const bool others_wait = now - found_busy_ <= 2 * longest_pause;
    if (!others_wait) busy_since_ = now;
    found_busy_ = now;
    const auto patience = rank > most_waiting ? std::min(patience_, moment) : patience_;
    return now >= deadline || now - busy_since_ >= patience;
}

// A thread that has the mutex waits for no other process, but perhaps for a disk that doesn't
// answer.
MessageStore::Lock MessageStore::lock_until(Clock::time_point deadline, const char* refusal) {
    Lock lock(mutex_, deadline);
    if (!lock) throw_store_busy(file_.string(), refusal);
    return lock;
}

// --- Reading ---

// The lines are read without the mutex, because they don't change while others write. If they did,
// another program has been at the file. Then it is read again, and what is still missing is
// skipped.
std::vector<Message> MessageStore::read(Clock::time_point since, const Choose& choose) {
    for (bool again = false;; again = true) {
        Lock lock = lock_until(since + patience_, not_read);
        catch_up();
        const auto log = log_;
        const auto entries = choose();
        lock.unlock();
        std::vector<Message> messages;
        for (const auto& entry : entries) {
            if (auto message = read_message(*log, entry)) messages.push_back(std::move(*message));
        }
        if (messages.size() == entries.size() || again) return messages;
        lock = lock_until(since + patience_, not_read);
        if (log_ == log) start_over();
    }
}

bool MessageStore::exists(std::int64_t id) const {
    return table_.find(id) != nullptr || table_.is_unreadable(id);
}
