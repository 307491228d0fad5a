// How the parser of request.hpp reads a body (RFC 9112 §6, §7), by its length or in chunks.
// Leaves out: trailers, which are read and dropped.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "body/body_budget.hpp"
#include "handler.hpp"
#include "request.hpp"
#include "text.hpp"

namespace {

// Bytes that are read at once outside a body. Few, because no budget counts them.
constexpr std::size_t head_piece = 4096;
constexpr std::size_t uncounted = 4096;  // a body this short costs less than its client

HttpError too_large(std::uint64_t limit) {
    return {413,
            "A body may have " + std::to_string(limit) + " bytes here, and this one has more."};
}

// Cuts off a token at the beginning. False if there is none.
bool skip_token(std::string_view& text) {
    const std::size_t size = token_characters.span(text);
    text.remove_prefix(size);
    return size > 0;
}

// Cuts off a quoted string, in which a backslash escapes the next byte (RFC 9110 §5.6.4).
bool skip_quoted_string(std::string_view& text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

// *( BWS ";" BWS name [ BWS "=" BWS value ] ), where a value is a token or a quoted string
// (§7.1.1).
bool are_chunk_extensions(std::string_view text) {
    if (!is_field_value(text)) return false;
    const auto skip_blanks = [](std::string_view rest) {
        return rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
    };
    const auto take = [&](char expected) {
        const std::string_view rest = skip_blanks(text);
        if (!rest.starts_with(expected)) return false;
        text = skip_blanks(rest.substr(1));
        return true;
    };
    while (!text.empty()) {
        if (!take(';') || !skip_token(text)) return false;
        if (!take('=')) continue;
        if (!(text.starts_with('"') ? skip_quoted_string(text) : skip_token(text))) return false;
    }
    return true;
}

}  // namespace

// May the body be read, and how (§6)? All that can be told from the head is told before it is read.
void RequestParser::check_body() {
    const auto& headers = request_->headers;
    if (headers.count("Expect") > 1) throw HttpError(400, "There is more than one Expect field.");
    if (request_->has_body() && headers.count("Content-Type") > 1) {
        throw HttpError(400, "There is more than one Content-Type field.");
    }
    if (const auto* const expectation = headers.find("Expect")) {
        if (!equal_ignoring_case(*expectation, "100-continue")) {
            throw HttpError(417, "The only expectation that this server can meet is 100-continue.");
        }
        wants_continue_ = request_->has_body() && request_->version != "HTTP/1.0";
    }
    if (request_->has_body() && headers.find("Content-Encoding") != nullptr) {
        throw HttpError(415, "This server does not take compressed bodies.");
    }
    if (request_->content_length > limits_.body) throw too_large(limits_.body);
    body_left_ = request_->content_length;
    state_ = request_->chunked ? State::chunk_size : State::body;
}

// Reads up to the end of the body. False if it has not arrived yet, or has no room. A client is read
// from only while its body has memory for more:
//
//     | held(): has arrived | wants(): may be fed next |
//     | share->bytes(): memory, in steps of 64 KiB     |
//
// So memory is asked for one byte more than has arrived, which takes another step when the last one
// is full. While other bodies have all of the memory, wants() is 0, and each next() asks again.
bool RequestParser::read_body() {
    if (state_ == State::head_complete) check_body();
    if (!request_->has_body()) return true;
    if (make_room(held()) && decode_body()) return true;
    make_room(held() + 1);
    return false;
}

// Bytes that have arrived of the body, decoded or not.
std::size_t RequestParser::held() const {
    return request_->body.size() + buffer_.size() - position_;
}

// Takes memory for this many bytes of the body. False if other bodies have all of it. A short body
// needs none, or a thousand clients with a byte each would fill all of it, in steps of 64 KiB.
bool RequestParser::make_room(std::size_t bytes) {
    return bytes <= uncounted || take_room(limits_, request_->share, bytes);
}

// In a body what is missing and 4 KiB more, so little of the next request comes with it. See
// read_body() for the room.
std::size_t RequestParser::wants() const {
    if (!reading_body()) return head_piece;
    const std::uint64_t next = std::min(body_left_, BodyBudget::step) + head_piece;
    if (limits_.bodies == nullptr) return next;
    if (!request_->share) return std::min<std::uint64_t>(next, uncounted);
    const std::uint64_t room = request_->share->bytes();
    return held() < room ? std::min(next, room - held()) : 0;
}

void RequestParser::drop_body() {
    if (request_) {
        request_->body.clear();
        request_->body.shrink_to_fit();
        request_->share = nullptr;
    }
    take_rest();
}

// A chunked body is: chunk-size [extensions] CRLF, as many bytes, CRLF, and so on; a chunk of size
// 0; trailers; CRLF (§7.1).
bool RequestParser::decode_body() {
    if (state_ == State::body) return move_to_body();
    while (state_ != State::trailers) {
        if (state_ == State::chunk_size) {
            const auto line =
                take_crlf_line(limits_.chunk_line, 400, "A chunk's size is too long.");
            if (!line) return false;
            parse_chunk_size(*line);
        } else if (state_ == State::chunk) {
            if (!move_to_body()) return false;
            state_ = State::chunk_end;
        } else {
            if (!take_crlf_line(2, 400, "A chunk is longer than its size says.")) return false;
            state_ = State::chunk_size;
        }
    }
    return skip_trailers();
}

// Trailers are dropped, never added to the fields: one could pretend to be a Host, or a
// Content-Length, that was there all along (§6.5.1).
bool RequestParser::skip_trailers() {
    for (;;) {
        const auto start = position_;
        const auto line = take_crlf_line(limits_.header_section - section_bytes_, 431,
                                         "The trailers are too long.");
        if (!line) return false;
        if (line->empty()) return true;
        section_bytes_ += position_ - start;
        Headers dropped;
        parse_field(*line, dropped);
    }
}

// If so, bytes go straight from the receive buffer into the body.
bool RequestParser::body_is_next() const {
    return (state_ == State::body || state_ == State::chunk) && position_ == buffer_.size();
}

// Reserves memory for all of the body once a quarter of it has come, or if it is short, because a
// growing string is copied again and again. Not sooner, because any client can claim a length. Before
// that, a body that needs a share at all gets room for its first step.
void RequestParser::reserve_body() {
    const std::uint64_t size = request_->content_length;
    const bool is_time = size <= std::max<std::uint64_t>(4 * held(), BodyBudget::step);
    const std::uint64_t wanted = is_time ? size : held() > uncounted ? BodyBudget::step : 0;
    if (wanted > request_->body.capacity() && make_room(wanted)) request_->body.reserve(wanted);
}

// Returns how many of the bytes belong to the body, or to its current chunk.
std::size_t RequestParser::take_into_body(std::string_view bytes) {
    const auto size = std::min<std::uint64_t>(body_left_, bytes.size());
    reserve_body();
    request_->body.append(bytes, 0, size);
    body_left_ -= size;
    if (!request_->body.empty()) wants_continue_ = false;  // the client did not wait
    return size;
}

// Moves what came with the head, or with a chunk's size. True when nothing of it is missing.
bool RequestParser::move_to_body() {
    position_ += take_into_body(std::string_view(buffer_).substr(position_));
    searched_ = position_;
    if (body_left_ == 0) return true;
    take_rest();  // nothing is left, but this frees the memory
    return false;
}

// Like take_line(), but in a body a bare LF is refused: programs that disagree on where a chunk
// ends are the other way to smuggle a request (§7.1 leaves no choice; §2.2 speaks of the head).
std::optional<std::string_view> RequestParser::take_crlf_line(std::size_t limit, int status,
                                                              const char* too_long) {
    const auto start = position_;
    const auto line = take_line(limit, status, too_long);
    if (line && position_ - start != line->size() + 2) {
        throw HttpError(400, "Chunked lines must end in CR LF.");
    }
    return line;
}

// Hexadecimal digits, and then perhaps extensions. Those are ignored, but their bytes count:
// without that, a megabyte of body could come in a gigabyte of extensions.
void RequestParser::parse_chunk_size(std::string_view line) {
    const char* const end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(line.data(), end, body_left_, 16);
    if (error != std::errc()) throw HttpError(400, "A chunk's size is not a hexadecimal number.");
    const std::string_view extensions(stop, static_cast<std::size_t>(end - stop));
    if (!are_chunk_extensions(extensions)) {
        throw HttpError(400, "Something that isn't a chunk extension follows a chunk's size.");
    }
    section_bytes_ += extensions.size();
    if (section_bytes_ > limits_.header_section) {
        throw HttpError(400, "There are too many chunk extensions.");
    }
    if (body_left_ > limits_.body - request_->body.size()) throw too_large(limits_.body);
    state_ = body_left_ == 0 ? State::trailers : State::chunk;
}

bool take_room(const Limits& limits, std::shared_ptr<BodyShare>& share, std::size_t bytes) {
    if (limits.bodies == nullptr) return true;
    if (!share) share = std::make_shared<BodyShare>(*limits.bodies);
    return share->cover(bytes);
}

void give_back_memory(const Limits& limits) {
    limits.bodies->give_back();
}
