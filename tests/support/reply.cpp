// A parser for replies. It shares no code with the servers it judges, so that a mistake of theirs
// can't hide behind the same mistake here.
#include "reply.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "text.hpp"

namespace {

Reply wrong(Reply reply, std::size_t offset, std::string problem) {
    reply.problem = std::move(problem);
    reply.problem_offset = offset;
    return reply;
}

std::optional<std::size_t> number(std::string_view text, int base = 10) {
    std::size_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7f && !contains("\"(),/:;<=>?@[\\]{}", {&c, 1});
    });
}

// "HTTP/1.1 200 OK": the version, which is the server's own whatever the client's is (RFC 9110
// §2.5), a space, three digits, a space, and a phrase that may be empty.
void read_status_line(Reply& reply, std::string_view line) {
    std::optional<std::size_t> code;
    if (line.size() >= 13 && line[8] == ' ' && line[12] == ' ') code = number(line.substr(9, 3));
    if (!line.starts_with("HTTP/1.1 ") || !code || *code < 100) {
        reply.problem = "the status line must read like 'HTTP/1.1 200 OK' (RFC 9112 §4)";
        return;
    }
    reply.status = static_cast<int>(*code);
}

void read_field(Reply& reply, std::string_view line, std::size_t offset) {
    std::size_t colon = line.find(':');
    bool bad_value = std::any_of(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || bad_value) {
        reply = wrong(reply, offset, "this line is not 'Name: value' (RFC 9112 §5)");
        return;
    }
    reply.fields.push_back(
        {std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))), offset});
}

// Reads the head. Returns where the body starts, or nothing as long as the head is not complete.
std::optional<std::size_t> read_head(Reply& reply, std::string_view received) {
    std::size_t start = 0;
    while (true) {
        std::size_t newline = received.find('\n', start);
        if (newline == std::string_view::npos) return std::nullopt;
        if (newline == start || received[newline - 1] != '\r') {
            reply =
                wrong(reply, newline, "this line ends with \\n alone, not \\r\\n (RFC 9112 §2.2)");
            return std::nullopt;
        }
        std::string_view line = received.substr(start, newline - 1 - start);
        if (start == 0) {
            read_status_line(reply, line);
        } else if (line.empty()) {
            return newline + 1;
        } else {
            read_field(reply, line, start);
        }
        if (!reply.problem.empty()) return std::nullopt;
        start = newline + 1;
    }
}

// RFC 9112 §7.1. Half a chunk isn't a problem, because the rest may still come.
Reply with_chunked_body(Reply reply, std::string_view received, std::size_t position) {
    while (true) {
        std::size_t line_end = received.find("\r\n", position);
        if (line_end == std::string_view::npos) return reply;
        std::string_view line = received.substr(position, line_end - position);
        std::optional<std::size_t> size = number(line.substr(0, line.find(';')), 16);
        if (!size) return wrong(reply, position, "this is not the size of a chunk (RFC 9112 §7.1)");
        position = line_end + 2;
        if (*size == 0) {
            if (received.size() < position + 2) return reply;
            reply.length = position + 2;
            return reply;
        }
        if (received.size() < position + *size + 2) return reply;
        reply.body += received.substr(position, *size);
        position += *size;
        if (received.substr(position, 2) != "\r\n")
            return wrong(reply, position, "a chunk must be followed by \\r\\n (RFC 9112 §7.1)");
        position += 2;
    }
}

}  // namespace

const Field* Reply::field(std::string_view name) const {
    for (const Field& field : fields)
        if (lower(field.name) == lower(name)) return &field;
    return nullptr;
}

std::string Reply::value(std::string_view name) const {
    const Field* found = field(name);
    return found ? found->value : "";
}

std::size_t Reply::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(),
                      [&](const Field& field) { return lower(field.name) == lower(name); }));
}

bool Reply::lists(std::string_view name, std::string_view member) const {
    for (const Field& field : fields) {
        if (lower(field.name) != lower(name)) continue;
        for (const std::string& part : split(field.value, ','))
            if (lower(trimmed(part)) == lower(member)) return true;
    }
    return false;
}

Reply parse_reply(std::string_view received, std::string_view method, bool ended) {
    Reply reply;
    std::optional<std::size_t> body = read_head(reply, received);
    if (!body) return reply;
    if (reply.count("Content-Length") > 1)
        return wrong(reply, reply.field("Content-Length")->offset, "there are two Content-Lengths");
    const Field* length_field = reply.field("Content-Length");
    std::optional<std::size_t> length;
    if (length_field) {
        length = number(length_field->value);
        if (!length) return wrong(reply, length_field->offset, "this length isn't a number");
    }
    bool interim = reply.status / 100 == 1;  // such as 100, which comes before the real reply
    bool bodiless = method == "HEAD" || interim || reply.status == 204 || reply.status == 304;
    if (bodiless) {
        reply.length = *body;
    } else if (reply.lists("Transfer-Encoding", "chunked")) {
        return with_chunked_body(reply, received, *body);
    } else if (length) {
        reply.needed = *body + *length;
        reply.body = received.substr(*body, *length);
        if (received.size() >= reply.needed) reply.length = reply.needed;
    } else {
        reply.body = received.substr(*body);
        if (ended) reply.length = received.size();
    }
    return reply;
}
