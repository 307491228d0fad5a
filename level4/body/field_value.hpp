// Field values that carry parameters, such as `form-data; name="photo"; filename="cat.png"` or
// `text/html; charset=utf-8` (RFC 9110 §5.6.6).
// Leaves out: lists of such values, and RFC 8187 (`name*=utf-8''...`), whose names end in `*` here.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "handler.hpp"

struct FieldValue {
    std::string value;  // what comes before the first `;`, in lower case
    std::map<std::string, std::string> parameters;  // names in lower case, values without quotes
};

// Throws HttpError 400 when a parameter is not well-formed or there twice.
FieldValue parse_field_value(std::string_view text);

// ASCII letters in lower case: names of types and parameters have none other.
std::string lower_case(std::string_view text);
