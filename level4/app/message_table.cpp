// See message_table.hpp.
#include "app/message_table.hpp"

#include <algorithm>

#include "app/message.hpp"

// Deleting from the middle of a vector moves what follows. A million entries are moved in a few
// milliseconds, and no other container is as small.
void MessageTable::apply(const Json& record, Place place) {
    const std::int64_t id = record.at("id").as_int();
    if (id < 1 || id > max_id) throw JsonError("there is no such id");
    const Json* const mark = record.find("deleted");
    const bool deleted = mark != nullptr && *mark == Json(true);
    if (!deleted) to_message(record);  // throws unless it is complete

    const bool known = find(id) != nullptr;
    const auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(index_of(id));
    if (deleted) {
        if (known) entries_.erase(entry);
    } else if (known) {
        entry->place = place;
    } else {
        entries_.insert(entry, {id, place});
    }
    unreadable_.erase(id);
    last_id_ = std::max(last_id_, id);
}

void MessageTable::apply_unreadable(std::int64_t id) {
    ++last_id_;
    if (id < 1 || id > max_id) return;
    if (find(id) == nullptr) unreadable_.insert(id);  // otherwise its earlier version is shown
    last_id_ = std::max(last_id_, id);
}

void MessageTable::clear() {
    entries_.clear();
    unreadable_.clear();
}

const MessageTable::Entry* MessageTable::find(std::int64_t id) const {
    const std::size_t index = index_of(id);
    return index < entries_.size() && entries_[index].id == id ? &entries_[index] : nullptr;
}

std::vector<MessageTable::Entry> MessageTable::newest(std::size_t offset, std::size_t limit) const {
    std::vector<Entry> found;
    for (std::size_t i = offset; i < entries_.size() && found.size() < limit; ++i) {
        found.push_back(entries_[entries_.size() - 1 - i]);
    }
    return found;
}

std::vector<MessageTable::Entry> MessageTable::after(std::int64_t id, std::size_t limit) const {
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(index_of(id + 1));
    const auto count = std::min(limit, static_cast<std::size_t>(entries_.end() - first));
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

// Where the message is in the vector, or would be.
std::size_t MessageTable::index_of(std::int64_t id) const {
    if (entries_.empty() || entries_.back().id < id) return entries_.size();  // a new message
    const auto entry = std::lower_bound(
        entries_.begin(), entries_.end(), id,
        [](const Entry& candidate, std::int64_t wanted) { return candidate.id < wanted; });
    return static_cast<std::size_t>(entry - entries_.begin());
}
