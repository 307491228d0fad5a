// A message of the guestbook, and what becomes of it: JSON for the API and the file, values for the
// pages. Leaves out: which messages are acceptable (message_fields.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "body/json.hpp"

struct Message {
    std::int64_t id = 0;  // counts from 1, and is never given again, not even after a deletion
    std::string name;
    std::string email;
    std::string message;
    std::string created;  // 2026-11-21T10:25:00Z; a change keeps it

    bool operator==(const Message&) const = default;
};

// As the API shows it, and as it stands in the file.
Json to_json(const Message& message);

// The same way back. Throws JsonError if a member is missing or of the wrong kind.
Message to_message(const Json& json);

// As the templates show it: the members of to_json(), and `when`, the time as people read it.
Json to_page_values(const Message& message);

// --- The lines of the file, also those that other programs have damaged ---

// A line without the byte order mark that an editor may have put at the beginning of its file. It is
// in the middle once two files are joined.
std::string_view without_byte_order_mark(std::string_view text);

// True if the text is JSON. A line that was cut short never is.
bool is_whole_line(std::string_view text);

// The id in a line that can't be read, if the beginning that we give all lines is whole. 0 if not.
std::int64_t visible_id(std::string_view line);
