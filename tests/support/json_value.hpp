// A small JSON parser (RFC 8259), enough to judge what an API answers. It is strict about the
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

    Kind kind = Kind::nothing;        // `nothing` stands for a member that is missing
    std::string text;                 // a string, decoded; a number or boolean, as it was written
    std::vector<JsonMember> members;  // of an object, or of an array (without names)

    bool is(Kind wanted) const { return kind == wanted; }
    const JsonValue& operator[](std::string_view name) const;
    const JsonValue& operator[](std::size_t index) const;
    std::size_t size() const;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

// Returns nothing if the text isn't JSON.
std::optional<JsonValue> parse_json(std::string_view text);

// The text as a JSON string, with its quotes.
std::string json_string(std::string_view text);

// The body of a reply that must be JSON, and must say so. Returns Kind::nothing if it isn't JSON.
JsonValue expect_json(const Exchange& exchange, const Reason& reason, Where where = Where::here());
