// See message_table.hpp.
#include "app/message_table.hpp"

#include <algorithm>

#include "app/message.hpp"

// Deleting from the middle of a vector moves what follows. A million entries are moved in a few
// milliseconds, and no other container is as small.
void MessageTable::apply(const Json& record, Place place) {
    const std::int64_t id = record.at("id").as_int();
    if (id < 1 || id > max_id) throw JsonError("there is no such id");
    const bool deleted = record.find("deleted") != nullptr;
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
    last_id_ = std::max(last_id_, id);
}

const MessageTable::Place* MessageTable::find(std::int64_t id) const {
    const std::size_t index = index_of(id);
    return index < entries_.size() && entries_[index].id == id ? &entries_[index].place : nullptr;
}

std::vector<MessageTable::Place> MessageTable::newest(std::size_t offset, std::size_t limit) const {
    const std::size_t begin = std::min(offset, entries_.size());
    const std::size_t count = std::min(limit, entries_.size() - begin);
    std::vector<Place> places;
    for (std::size_t i = 0; i < count; ++i) {
        places.push_back(entries_[entries_.size() - 1 - begin - i].place);
    }
    return places;
}

// Where the message is in the vector, or would be.
std::size_t MessageTable::index_of(std::int64_t id) const {
    const auto entry = std::lower_bound(
        entries_.begin(), entries_.end(), id,
        [](const Entry& candidate, std::int64_t wanted) { return candidate.id < wanted; });
    return static_cast<std::size_t>(entry - entries_.begin());
}
