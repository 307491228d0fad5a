// Which messages there are, and where in the file the latest version of each one lies. It is built
// by reading the file from its start, line by line, and holds no text: 24 to 48 bytes a message.
// Leaves out: the file (message_log.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "app/message_log.hpp"
#include "body/json.hpp"

class MessageTable {
  public:
    using Place = MessageLog::Place;

    // JavaScript counts in doubles, which are exact up to here. A larger id would get changed.
    static constexpr std::int64_t max_id = std::int64_t{1} << 53;

    // The next line of the file: a message, a later version of one, or a deletion. Throws JsonError
    // if it is none of these, and changes nothing.
    void apply(const Json& record, Place place);

    // A line that can't be read may be the only trace of an id, so one id is taken for it.
    void apply_unreadable() { ++last_id_; }

    // nullptr if there is no such message. Valid until the next apply().
    const Place* find(std::int64_t id) const;

    // At most `limit` places, from the message with the greatest id downwards, without the first
    // `offset` of them.
    std::vector<Place> newest(std::size_t offset, std::size_t limit) const;

    std::size_t size() const { return entries_.size(); }

    // The greatest id that was ever given, also to a message that is deleted.
    std::int64_t last_id() const { return last_id_; }

  private:
    struct Entry {
        std::int64_t id;
        Place place;
    };

    std::size_t index_of(std::int64_t id) const;

    std::vector<Entry> entries_;  // sorted by id
    std::int64_t last_id_ = 0;
};
