// A small reader of JSON (RFC 8259), enough to judge what an API answers. It is strict about the
// grammar, and shares no code with the servers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expect.hpp"

struct JsonMember;

struct JsonValue {
    enum class Kind { nothing, null, boolean, number, string, array, object };

    Kind kind = Kind::nothing;  // a member that is not there
    std::string text;           // of a string: decoded; of a number or boolean: as it was written
    std::vector<JsonMember> members;  // those of an array have no name

    bool is(Kind wanted) const { return kind == wanted; }
    const JsonValue& operator[](std::string_view name) const;
    const JsonValue& operator[](std::size_t index) const;
    std::size_t size() const;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

// Nothing when the text is not JSON.
std::optional<JsonValue> parse_json(std::string_view text);

// The text as a JSON string, with its quotes.
std::string json_string(std::string_view text);

// The body of a reply that must be JSON, and say so. Null when it is not.
JsonValue expect_json(const Exchange& exchange, const Reason& reason, Where where = Where::here());
