// What a message consists of, and what is wrong with it: the same rules for the form and for the
// API.
#pragma once

#include <cstddef>
#include <string>

#include "body/json.hpp"

// Bytes of a message as JSON. It needs some 10 KB at most. A JSON text takes up to 60 times its
// size in memory while it is read, so this is where to stop, and not at --max-body.
constexpr std::size_t most_json = 64 * 1024;

struct MessageFields {
    std::string name;     // 1 to 100 characters, on one line
    std::string email;    // empty, or something@somewhere
    std::string message;  // 1 to 2,000 characters
};

// Spaces around the values go, and line ends become a single \n: browsers send \r\n.
MessageFields tidy(const MessageFields& fields);

// An object with a text for each field that is wrong; an empty object if none is.
Json find_mistakes(const MessageFields& fields);
