// Reads a field value from left to right. Each function takes its part off the front of the text,
// and leaves the rest to the next one.
#include "body/field_value.hpp"

#include <utility>

#include "handler.hpp"
#include "text.hpp"

namespace {

// The two ways of writing a quoted string.
enum class Quoting { http, form_part };

// Takes a quoted string off the front of `text`. A backslash escapes the next character (RFC 9110
// §5.6.4). In a part of a form it escapes only a quote or another backslash, because browsers write
// `C:\new.txt` without escapes there, and a quote as %22 (HTML standard, "multipart/form-data
// encoding algorithm").
// The two ways collide in one place: if a name from a browser ends in a backslash, the string seems
// to have no closing quote, and is refused.
std::string take_quoted(std::string_view& text, Quoting quoting) {
    std::string result;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const std::string_view rest = text.substr(i);
        if (rest.starts_with('"')) {
            text.remove_prefix(i + 1);
            return result;
        }
        if (quoting == Quoting::form_part && rest.starts_with("%22")) {
            result += '"';
            i += 2;
        } else if (rest.starts_with("\\\"") || rest.starts_with("\\\\") ||
                   (quoting == Quoting::http && rest.starts_with('\\') && rest.size() > 1)) {
            result += text[++i];
        } else {
            result += text[i];
        }
    }
    throw HttpError(400, "A quoted string in a field has no closing quote.");
}

// Takes everything up to one of `ends` off the front. It must be a token.
std::string take_token(std::string_view& text, std::string_view ends) {
    const std::string_view token = text.substr(0, text.find_first_of(ends));
    if (!is_token(token)) throw HttpError(400, "A parameter of a field is malformed.");
    text.remove_prefix(token.size());
    return std::string(token);
}

// A value without quotes. It must be a token, except for a boundary: many programs don't quote
// those, though they may contain a slash or an equals sign. See multipart.cpp for what a boundary
// may be.
std::string take_unquoted(std::string_view& text, std::string_view name) {
    if (name != "boundary") return take_token(text, "; \t");
    const std::string_view boundary = text.substr(0, text.find_first_of("; \t"));
    text.remove_prefix(boundary.size());
    return std::string(boundary);
}

FieldValue parse(std::string_view text, Quoting quoting) {
    FieldValue field;
    field.value = lower_case(trim(take_until(text, ";")));
    for (text = trim(text); !text.empty(); text = trim(text)) {
        if (text.starts_with(';')) {  // an empty parameter
            text.remove_prefix(1);
            continue;
        }
        const std::string name = lower_case(take_token(text, "=; \t"));
        if (!text.starts_with('=')) throw HttpError(400, "A parameter of a field has no value.");
        text.remove_prefix(1);
        std::string content =
            text.starts_with('"') ? take_quoted(text, quoting) : take_unquoted(text, name);
        // Of two values, a filter in front of us might have checked the other one.
        if (!field.parameters.emplace(name, std::move(content)).second) {
            throw HttpError(400, "A parameter of a field appears twice.");
        }
        if (!trim(take_until(text, ";")).empty()) {
            throw HttpError(400, "A parameter of a field must be followed by a semicolon.");
        }
    }
    return field;
}

}  // namespace

FieldValue parse_field_value(std::string_view text) {
    return parse(text, Quoting::form_part);
}

FieldValue parse_media_type(std::string_view text) {
    try {
        return parse(text, Quoting::http);
    } catch (const HttpError& error) {
        throw HttpError(415, error.what());
    }
}
