// The request parser: a state machine that eats one line at a time. Its rules are those of RFC 9112
// §2 to §6. Where the RFC lets a server choose between tolerant and strict it is strict, with one
// exception: a line may end in a bare LF, so that you can type a request into nc (§2.2).
#include "request.hpp"

#include <algorithm>
#include <utility>

#include "handler.hpp"
#include "host.hpp"
#include "number.hpp"
#include "text.hpp"
#include "url.hpp"

namespace {

// The first byte of a client that speaks TLS (RFC 8446 §5.1), because https:// was typed.
constexpr char tls_handshake = 0x16;

// Throws unless it is HTTP/1.x. A higher minor version is answered as 1.1 (RFC 9110 §2.5).
void check_version(std::string_view version) {
    const bool is_version = version.size() == 8 && version.starts_with("HTTP/") &&
                            is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    if (!is_version) throw HttpError(400, "The request line must end in a version: HTTP/1.1");
    if (version[5] != '1') throw HttpError(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
}

}  // namespace

void RequestParser::feed(std::string_view bytes) {
    // What has been parsed is erased here and not line by line, so that each byte is moved at most
    // once.
    buffer_.erase(0, position_);
    searched_ -= position_;
    position_ = 0;
    buffer_ += bytes;
}

std::unique_ptr<Request> RequestParser::next() {
    if (!read_head()) return nullptr;
    state_ = State::request_line;
    section_bytes_ = 0;
    return std::move(request_);
}

// Reads up to the blank line that ends the head. False if that has not arrived yet.
bool RequestParser::read_head() {
    if (!request_ && position_ < buffer_.size()) request_ = std::make_unique<Request>();
    while (state_ == State::request_line) {
        const auto begun = std::string_view(buffer_).substr(position_);
        if (begun.starts_with(tls_handshake)) {
            throw HttpError(400, "This looks like TLS. Use http:// and not https:// here.");
        }
        // Whatever is wrong with the rest, the reply to a HEAD has no body (RFC 9110 §9.3.2).
        if (begun.starts_with("HEAD ")) request_->method = "HEAD";
        const auto line = take_line(limits_.request_line, 414, "The request line is too long.");
        if (!line) return false;
        if (line->empty()) continue;  // §2.2: ignore empty lines before the request line
        parse_request_line(*line);
        state_ = State::fields;
    }
    while (state_ == State::fields) {
        const auto start = position_;
        const auto line = take_line(limits_.header_section - section_bytes_, 431,
                                    "The header section is too long.");
        if (!line) return false;
        section_bytes_ += position_ - start;
        if (line->empty()) {
            check_host();
            check_framing();
            state_ = State::head_complete;
        } else {
            parse_field(*line, request_->headers);
        }
    }
    return true;
}

// The next line, without its line end, or nothing if it is not complete. `limit` is in bytes, and
// counts the line end; past it the line is refused, complete or not.
std::optional<std::string_view> RequestParser::take_line(std::size_t limit, int status,
                                                         const char* too_long) {
    const auto end = buffer_.find('\n', searched_);
    const bool complete = end != std::string::npos;
    searched_ = complete ? end + 1 : buffer_.size();
    if (searched_ - position_ > limit) throw HttpError(status, too_long);
    if (!complete) return std::nullopt;

    auto line = std::string_view(buffer_).substr(position_, end - position_);
    position_ = searched_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// method SP request-target SP HTTP-version (§3)
void RequestParser::parse_request_line(std::string_view line) {
    request_->line = line;
    const auto first_space = line.find(' ');
    const auto last_space = line.rfind(' ');
    if (first_space == last_space) {  // one space, or none
        throw HttpError(400, "A request line looks like this: GET /path HTTP/1.1");
    }
    const auto method = line.substr(0, first_space);
    if (!is_token(method)) throw HttpError(400, "The method is not a valid token.");
    const auto version = line.substr(last_space + 1);
    check_version(version);
    if (std::find(known_methods.begin(), known_methods.end(), method) == known_methods.end()) {
        throw HttpError(501, "This server does not support that method.");
    }
    request_->method = method;
    request_->version = version;
    parse_target(line.substr(first_space + 1, last_space - first_space - 1));
}

// /path?query, or http://host/path?query, which every server must accept because clients send it to
// proxies, or * for OPTIONS (§3.2). The fourth form, host:port, belongs to CONNECT.
void RequestParser::parse_target(std::string_view target) {
    const auto allowed = [](char c) { return c > ' ' && c <= '~' && c != '#'; };
    if (target.empty() || !std::all_of(target.begin(), target.end(), allowed)) {
        throw HttpError(400, "The request target is empty, or has a character to percent-encode.");
    }
    request_->target = target;
    if (equal_ignoring_case(target.substr(0, 7), "http://")) {
        target.remove_prefix(7);
        request_->authority = target.substr(0, target.find_first_of("/?"));
        target.remove_prefix(request_->authority.size());
        const auto host = parse_host(request_->authority);
        if (!host || host->name.empty()) throw HttpError(400, "The target has no valid host.");
        if (!target.starts_with('/')) request_->path = "/";  // http://host and http://host?x=1
    } else if (!target.starts_with('/') && !(target == "*" && request_->method == "OPTIONS")) {
        throw HttpError(400, "The request target must begin with a slash.");
    }
    const auto path = take_until(target, "?");
    const auto decoded = percent_decode(path);
    if (!decoded) throw HttpError(400, "A % in the path must be followed by two hex digits.");
    request_->path += *decoded;
    request_->query = target;
}

// field-name ":" OWS field-value OWS (§5). The name must touch the colon: "Host :" is a classic way
// to show two programs two different requests (§5.1). So is a line that continues the one before it
// (obs-fold, §5.2); it begins with a space, which can't be part of a name either.
void RequestParser::parse_field(std::string_view line, Headers& headers) {
    if (headers.size() == limits_.header_fields) throw HttpError(431, "Too many header fields.");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) throw HttpError(400, "A field needs a colon.");
    const auto name = line.substr(0, colon);
    if (!is_token(name)) throw HttpError(400, "A field's name must be a token, without spaces.");
    const auto value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) throw HttpError(400, "A field's value has a control character.");
    headers.add_checked(name, value);
}

// Exactly one valid Host; HTTP/1.0 may do without (§3.2).
void RequestParser::check_host() {
    const auto count = request_->headers.count("Host");
    if (count > 1) throw HttpError(400, "There is more than one Host field.");
    if (count == 0 && request_->version != "HTTP/1.0") {
        throw HttpError(400, "HTTP/1.1 requires a Host field.");
    }
    if (count == 1 && !parse_host(*request_->headers.find("Host"))) {
        throw HttpError(400, "The Host field is not a host name.");
    }
    if (!request_->authority.empty()) request_->headers.set("Host", request_->authority);  // §3.2.2
}

// Where does the request end (§6)? If two programs disagree on that, the rest of the bytes is a
// request to one of them and a body to the other (request smuggling, §11.2). So there is no
// guessing.
void RequestParser::check_framing() {
    const auto* const length = request_->headers.find("Content-Length");
    const auto* const coding = request_->headers.find("Transfer-Encoding");
    if (coding != nullptr) {
        if (length != nullptr || request_->version == "HTTP/1.0") {
            throw HttpError(400, "Transfer-Encoding does not go with Content-Length or HTTP/1.0.");
        }
        if (request_->headers.count("Transfer-Encoding") > 1) {
            throw HttpError(400, "There is more than one Transfer-Encoding field.");
        }
        // A body ends where its last coding says, and only chunked can say that (§6.3).
        const auto last = trim(std::string_view(*coding).substr(coding->rfind(',') + 1));
        if (!equal_ignoring_case(last, "chunked")) {
            throw HttpError(400, "The last transfer coding must be chunked.");
        }
        if (last.size() < coding->size()) {  // codings before it, which we can't decode
            throw HttpError(501, "The only transfer coding that this server supports is chunked.");
        }
        request_->chunked = true;
    } else if (length != nullptr) {
        const auto number = parse_number<std::uint64_t>(*length);
        // That refuses two of them, a list, a sign, a unit, and more than 64 bits.
        if (request_->headers.count("Content-Length") > 1 || !number) {
            throw HttpError(400, "Content-Length must be one decimal number.");
        }
        request_->content_length = *number;
    }
}
