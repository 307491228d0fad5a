// The fields of a message, and the rules for them, which are the same for the form, the API and the
// chat.
#pragma once

#include <cstddef>
#include <string>

#include "body/json.hpp"

// How long the JSON text of a message may be, in bytes. 2,000 characters that are all written as
// \ud83d\ude00 are 24 KB. This limit is far below --max-body because a JSON text takes up to 60 times
// its size in memory while it is read.
constexpr std::size_t most_json = 32 * 1024;

struct MessageFields {
    std::string name;     // 1 to 100 characters, on one line
    std::string email;    // empty, or something@somewhere
    std::string message;  // 1 to 2,000 characters
};

// Removes blanks around the values, and turns line ends into \n, because browsers send \r\n.
MessageFields tidy(const MessageFields& fields);

// An object with a message to the visitor for each invalid field. Empty if all are valid.
Json find_mistakes(const MessageFields& fields);
