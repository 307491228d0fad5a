// Field values that carry parameters, such as `form-data; name="photo"; filename="cat.png"` or
// `text/html; charset=utf-8` (RFC 9110 §5.6.6).
// Leaves out: lists of such values, and RFC 8187 (`name*=utf-8''...`). To us `name*` is a name like
// any other.
#pragma once

#include <map>
#include <string>
#include <string_view>

struct FieldValue {
    std::string value;                              // the part before the first `;`, in lower case
    std::map<std::string, std::string> parameters;  // names in lower case, values without quotes
};

// Throws HttpError 400 if a parameter is malformed or appears twice.
FieldValue parse_field_value(std::string_view text);

// The same for a Content-Type. Throws HttpError 415, because a type with a malformed parameter is
// one that we don't know (RFC 9110 §15.5.16).
FieldValue parse_media_type(std::string_view text);
