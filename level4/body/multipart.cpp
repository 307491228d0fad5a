// The boundary counts only at the beginning of a line, and the line end before it belongs to it.
// Every byte is searched once, so a malicious body takes no longer than any other.
#include "body/multipart.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "handler.hpp"
#include "text.hpp"

namespace {

// RFC 2046 §5.1.1: 1 to 70 characters of a small set, and no space at the end.
bool is_boundary(std::string_view text) {
    return !text.empty() && text.size() <= 70 && !text.ends_with(' ') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter(c) || is_digit(c) ||
                      std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
           });
}

// A line that separates two parts or, with two more dashes, ends the last one (RFC 2046 §5.1.1).
struct Delimiter {
    std::size_t begin;  // where the part in front of it ends
    std::size_t end;    // where the next part begins
    bool is_last;
};

// Is this a delimiter, given that its `--boundary` ends at `at`? Only blanks may follow on its
// line. Anything else means that it is content, such as a longer boundary.
std::optional<Delimiter> match_delimiter(std::string_view body, std::size_t begin, std::size_t at) {
    const bool is_last = body.substr(at).starts_with("--");
    if (is_last) at += 2;
    at = std::min(body.find_first_not_of(" \t", at), body.size());
    if (body.substr(at).starts_with("\r\n")) return Delimiter{begin, at + 2, is_last};
    if (is_last && at == body.size()) return Delimiter{begin, at, is_last};
    return std::nullopt;
}

// The next delimiter from `from` on. `needle` is CRLF, two dashes and the boundary. The CRLF
// belongs to the delimiter and not to the content.
Delimiter find_delimiter(std::string_view body, std::string_view needle, std::size_t from) {
    std::size_t begin = body.find(needle, from);
    while (begin != std::string_view::npos) {
        const std::size_t end = begin + needle.size();
        if (auto found = match_delimiter(body, begin, end)) return *found;
        begin = body.find(needle, end);
    }
    throw HttpError(400,
                    "The form has no line that is its last boundary, so the body is incomplete.");
}

Delimiter find_first_delimiter(std::string_view body, std::string_view needle) {
    // Usually there is no preamble, and so no CRLF in front of the first delimiter.
    const std::string_view line = needle.substr(2);
    if (body.starts_with(line)) {
        if (auto found = match_delimiter(body, 0, line.size())) return *found;
    }
    return find_delimiter(body, needle, 0);
}

// The header of a part. This is stricter than for a request, because no field may appear twice.
Headers parse_part_headers(std::string_view text, std::size_t max_fields) {
    const auto fail = [](const char* problem) {
        throw HttpError(400, std::string("A field of a form part ") + problem);
    };
    Headers headers;
    while (!text.empty()) {
        std::string_view value = take_until(text, "\r\n");
        if (value.find(':') == std::string_view::npos) fail("needs a colon after its name.");
        const std::string_view name = take_until(value, ":");
        value = trim(value);
        if (!is_token(name))
            fail("must have a token for a name, without a space before the colon.");
        if (!is_field_value(value)) fail("has a control character in its value.");
        if (headers.count(name) != 0) fail("appears twice.");
        if (headers.size() == max_fields) throw HttpError(413, "A form part has too many fields.");
        headers.add_checked(name, value);
    }
    return headers;
}

// A part is its header fields, a blank line, and its content.
Part read_part(std::string_view text, const MultipartLimits& limits) {
    if (text.starts_with("\r\n")) return {{}, text.substr(2)};  // there are no fields
    // The blank line is looked for only where it may be, not in megabytes of content.
    const std::size_t end = text.substr(0, limits.header_bytes + 4).find("\r\n\r\n");
    if (end != std::string_view::npos) {
        return {parse_part_headers(text.substr(0, end), limits.header_fields),
                text.substr(end + 4)};
    }
    if (text.size() > limits.header_bytes) {
        throw HttpError(413, "The header of a form part is too long.");
    }
    throw HttpError(400, "The header of a form part has no end.");
}

}  // namespace

std::vector<Part> split_multipart(std::string_view boundary, std::string_view body,
                                  const MultipartLimits& limits) {
    if (!is_boundary(boundary))
        throw HttpError(400, "The form's Content-Type has no valid boundary.");
    const std::string needle = "\r\n--" + std::string(boundary);
    std::vector<Part> parts;
    Delimiter delimiter = find_first_delimiter(body, needle);  // skips a preamble
    // A part lies between the end of one delimiter and the beginning of the next.
    while (!delimiter.is_last) {
        const std::size_t begin = delimiter.end;
        delimiter = find_delimiter(body, needle, begin);
        if (parts.size() == limits.parts) throw HttpError(413, "The form has too many parts.");
        parts.push_back(read_part(body.substr(begin, delimiter.begin - begin), limits));
    }
    return parts;  // text after the last delimiter is an epilogue, which means nothing
}
