// How the store of message_store.hpp follows its file: what has been appended since it last looked,
// and whether it is still the same file.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "../../common/output.hpp"
#include "app/message_store.hpp"

namespace {

// This many unreadable lines are described at a time, and the rest only counted, because a file
// that isn't ours may have a million.
constexpr std::size_t most_described = 10;

}  // namespace

// Returns what follows the last line end in the file.
std::string MessageStore::catch_up() {
    const auto state = log_->look();
    if (state == MessageLog::State::unchanged) return "";
    if (state == MessageLog::State::replaced) start_over();
    std::size_t unreadable = 0;
    std::string rest = log_->read_new_lines([&](std::string_view line, MessageLog::Place place) {
        const std::string mistake = read_line(line, place);
        if (mistake.empty() || ++unreadable > most_described) return;
        print_error(log_->path() + ", line " + std::to_string(lines_) + ", is not a message (" +
                    mistake + "); it is skipped");
    });
    if (unreadable > most_described) {
        print_error(log_->path() + ": " + std::to_string(unreadable - most_described) +
                    " more lines are not messages; they are skipped");
    }
    return rest;
}

void MessageStore::start_over() {
    auto fresh = std::make_shared<MessageLog>(file_);
    print_error(log_->path() + " was replaced or changed by another program; it is read again");
    if (log_->disk_failed()) fresh->set_disk_failed();
    log_ = std::move(fresh);
    table_.clear();
    lines_ = 0;
}

// Under the file's lock. The last line has no line end.
void MessageStore::repair(const std::string& last_line) {
    if (is_whole_line(last_line)) {
        log_->complete_last_line();
        catch_up();
    } else {
        log_->cut_off(last_line);
    }
}

// Returns what is wrong with the line, or "".
std::string MessageStore::read_line(std::string_view line, MessageLog::Place place) {
    ++lines_;
    const std::size_t length = line.size();
    line = without_byte_order_mark(line);
    place = {place.offset + length - line.size(), line.size()};
    try {
        table_.apply(Json::parse(line), place);
    } catch (const JsonError& error) {
        table_.apply_unreadable(visible_id(line));
        return error.what();
    }
    return "";
}
