// One HTTP reply, read strictly. Whatever is wrong with it becomes a sentence in `problem`.
// Finds the end of the body as RFC 9112 §6 says, and decodes chunked bodies. Does nothing else.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

struct Field {
    std::string name;
    std::string value;
    std::size_t offset = 0;  // where its line begins in the bytes received, for the caret
};

struct Reply {
    int status = 0;  // 0 as long as there is no status line
    std::vector<Field> fields;
    std::string body;
    std::size_t length = 0;  // the size of the whole reply in bytes; 0 until it is complete
    std::size_t needed = 0;  // how many bytes must have arrived before parsing again is worthwhile
    std::string problem;     // why this is not a correct HTTP/1.1 reply; empty if it is
    std::size_t problem_offset = 0;

    bool complete() const { return length > 0; }
    const Field* field(std::string_view name) const;  // nullptr if the field is missing
    std::string value(std::string_view name) const;   // empty if the field is missing
    std::size_t count(std::string_view name) const;
    // Whether a field that holds a list, such as Allow or Connection, has this member (any case).
    bool lists(std::string_view name, std::string_view member) const;
};

// Reads the first reply in `received`. `method` is that of the request: a reply to HEAD has no
// body. `ended` says that no more bytes will come, which ends a body without a length.
Reply parse_reply(std::string_view received, std::string_view method, bool ended);
