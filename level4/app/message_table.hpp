// Which messages there are, and where in the file the latest version of each one lies. It is built
// by reading the file from its start, line by line, and holds no text: 24 to 48 bytes a message.
// Leaves out: the file (message_log.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "app/message_log.hpp"
#include "body/json.hpp"

class MessageTable {
  public:
    using Place = MessageLog::Place;

    // The highest id. A line with a larger one isn't ours, and none is given. JavaScript's numbers
    // are doubles, which are exact only up to 2^53.
    static constexpr std::int64_t max_id = std::int64_t{1} << 52;

    // The next line of the file: a message, a later version of one, or a deletion. Throws JsonError
    // if it is none of these, and changes nothing.
    void apply(const Json& record, Place place);

    // A line that can't be read. It may be the only trace of an id, so one id is taken for it. If
    // one can still be seen in it, it is `id`; otherwise that is 0.
    void apply_unreadable(std::int64_t id);

    // True if all that is left of the message is a line that can't be read. It can be changed and
    // removed, but not shown.
    bool is_unreadable(std::int64_t id) const { return unreadable_.contains(id); }

    // Forgets all messages, but not which ids were given.
    void clear();

    struct Entry {
        std::int64_t id;
        Place place;
    };

    // nullptr if there is no such message. Valid until the next apply().
    const Entry* find(std::int64_t id) const;

    // At most `limit` entries, from the message with the greatest id downwards, without the first
    // `offset` of them.
    std::vector<Entry> newest(std::size_t offset, std::size_t limit) const;

    // At most `limit` entries, from the first id above `id` upwards.
    std::vector<Entry> after(std::int64_t id, std::size_t limit) const;

    std::size_t size() const { return entries_.size(); }

    // The greatest id that was ever given, also to a message that is deleted.
    std::int64_t last_id() const { return last_id_; }

  private:
    std::size_t index_of(std::int64_t id) const;

    std::vector<Entry> entries_;         // sorted by id
    std::set<std::int64_t> unreadable_;  // ids that have no entry
    std::int64_t last_id_ = 0;
};
