// See wire_reader.hpp. It reads leniently what the parser judges strictly: on bytes that the server
// refuses the page may cut steps in another place, but secrets are masked in every line, wherever
// it stands.
#include "app/wire_reader.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "app/wire_text.hpp"
#include "number.hpp"
#include "text.hpp"
#include "url.hpp"

namespace {

// Where the empty line ends that ends a head, or npos. The first `known` bytes have been searched,
// but \n\r at their end may be the beginning of that line.
std::size_t end_of_head(std::string_view head, std::size_t known) {
    std::size_t line_end = head.find('\n', known - std::min<std::size_t>(known, 2));
    while (line_end != std::string_view::npos) {
        const std::string_view rest = head.substr(line_end + 1);
        if (rest.starts_with('\n')) return line_end + 2;
        if (rest.starts_with("\r\n")) return line_end + 3;
        line_end = head.find('\n', line_end + 1);
    }
    return std::string_view::npos;
}

// The value of a field, or nothing.
std::string_view field_of(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        std::string_view line = take_until(head, "\n");
        if (!equal_ignoring_case(trim(take_until(line, ":")), name)) continue;
        return trim(take_until(line, "\r"));
    }
    return {};
}

// The page, its script and its events. A proxy may ask for http://host/path (RFC 9112 §3.2.2).
bool is_own(std::string_view head) {
    take_until(head, " ");
    std::string_view target = take_until(head, " ");
    if (equal_ignoring_case(target.substr(0, 7), "http://"))
        target.remove_prefix(std::min(target.find('/', 7), target.size()));
    const auto path = percent_decode(target.substr(0, target.find('?')));
    return path == "/wire" || path == "/wire/events" || path == "/static/wire.js";
}

}  // namespace

std::vector<WireStep> WireReader::read(char direction, std::string_view bytes, Traced what) {
    Flow& flow = direction == '<' ? request_ : reply_;
    what == Traced::note ? read_note(flow, bytes) : read_bytes(flow, bytes);
    // A stream is shown as it passes, because its end may never come.
    if (reply_.state == State::endless) finish_body(reply_);
    return std::exchange(steps_, {});
}

std::vector<WireStep> WireReader::end() {
    if (request_.state == State::head && !request_.head.empty()) begin_request();
    finish_body(request_);
    finish_body(reply_);
    if (reply_.state == State::head) show(reply_, shown_bytes(reply_.head, reply_.head.size()));
    return std::exchange(steps_, {});
}

void WireReader::leave_out() {
    const Exchange own{.is_own = true};
    request_ = {.direction = '<', .state = State::ignored, .exchange = own};
    reply_ = {.direction = '>', .state = State::ignored, .exchange = own};
}

void WireReader::read_bytes(Flow& flow, std::string_view bytes) {
    while (!bytes.empty() && flow.state != State::ignored) {
        if (flow.state != State::head) {
            pass_body(flow, bytes);
            if (flow.state == State::head) finish_body(flow);
        } else if (take_head(flow, bytes)) {
            flow.direction == '<' ? begin_request() : begin_reply();
        }
    }
}

// Either a part of a file, which is a part of the body, or a frame after a 101.
void WireReader::read_note(Flow& flow, std::string_view note) {
    const auto size = parse_number<std::uint64_t>(note.substr(1, note.find(' ') - 1));
    if (flow.state == State::ignored) return show(flow, shown_bytes(note, note.size()));
    if (!size || flow.state != State::sized) return;
    flow.body.size_of_file += *size;
    flow.left -= std::min(flow.left, *size);
    if (flow.left > 0) return;
    flow.state = State::head;
    finish_body(flow);
}

// Takes as many of the bytes as belong to the head. True if it is complete. Empty lines before it
// are not shown; the parser passes over them as well (RFC 9112 §2.2).
bool WireReader::take_head(Flow& flow, std::string_view& bytes) {
    const std::size_t known = flow.head.size();
    if (known == 0) bytes.remove_prefix(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
    flow.head += bytes.substr(0, most_of_head - known);
    const std::size_t end = end_of_head(flow.head, known);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end - known);
    if (end != std::string_view::npos) flow.head.resize(end);
    return end != std::string_view::npos;
}

// A head, complete or not, begins an exchange.
void WireReader::begin_request() {
    const std::string head = std::exchange(request_.head, {});
    request_.exchange = {++exchanges_, Clock::now(), is_own(head), head.starts_with("HEAD ")};
    unanswered_.push_back(request_.exchange);
    show(request_, shown_bytes(head, head.size()));
    request_.body = {};
    request_.left = parse_number<std::uint64_t>(field_of(head, "Content-Length")).value_or(0);
    if (!field_of(head, "Transfer-Encoding").empty())
        request_.state = State::chunk_size;
    else if (request_.left > 0)
        request_.state = State::sized;
}

void WireReader::begin_reply() {
    const std::string head = std::exchange(reply_.head, {});
    std::string_view line = head;
    take_until(line, " ");
    const int status = parse_number<int>(take_until(line, " ")).value_or(0);
    const bool is_interim = status >= 100 && status < 200 && status != 101;
    reply_.exchange = replied_to(is_interim);
    if (!is_interim && request_.exchange.number == reply_.exchange.number) finish_body(request_);
    show(reply_, shown_bytes(head, head.size()));
    if (equal_ignoring_case(field_of(head, "Connection"), "close")) only_count_requests();
    const std::string_view length = field_of(head, "Content-Length");
    reply_.left = parse_number<std::uint64_t>(length).value_or(0);
    reply_.body = {};
    if (status == 101)
        request_.state = reply_.state = State::ignored;
    else if (is_interim || status == 204 || status == 304 || reply_.exchange.is_head)
        reply_.state = State::head;
    else if (length.empty())
        reply_.state = State::endless;
    else if (reply_.left > 0)
        reply_.state = State::sized;
}

// Replies come in the order of the requests. One that comes before its request is complete refuses
// it.
WireReader::Exchange WireReader::replied_to(bool is_interim) {
    const bool in_head = !request_.head.empty() && request_.state == State::head;
    if (unanswered_.empty() && in_head) begin_request();
    if (unanswered_.empty()) return {++exchanges_, Clock::now()};
    const Exchange first = unanswered_.front();
    if (!is_interim) unanswered_.pop_front();
    return first;
}

// After the last reply the server reads on for a while, but answers no request any more. What it
// reads may begin in the middle of a secret.
void WireReader::only_count_requests() {
    request_.state = State::endless;
    request_.body.room = 0;
    unanswered_.clear();
}

// Takes from the bytes what belongs to the body, up to the next change of the state. Counts it, and
// keeps its beginning.
void WireReader::pass_body(Flow& flow, std::string_view& bytes) {
    std::string_view part = bytes;
    if (flow.state == State::sized || flow.state == State::chunk)
        part = pass_counted(flow, bytes);
    else if (flow.state != State::endless)
        part = pass_line(flow, bytes);
    const std::string_view kept = part.substr(0, flow.body.room);
    flow.body.start += kept;
    flow.body.room -= kept.size();
    flow.body.size += part.size();
    bytes.remove_prefix(part.size());
}

// The part of a body, or of a chunk, that has come.
std::string_view WireReader::pass_counted(Flow& flow, std::string_view bytes) {
    const auto size = std::min<std::uint64_t>(flow.left, bytes.size());
    flow.left -= size;
    if (flow.left == 0) flow.state = flow.state == State::sized ? State::head : State::chunk_size;
    return bytes.substr(0, static_cast<std::size_t>(size));
}

// The part of a line between chunks that has come.
std::string_view WireReader::pass_line(Flow& flow, std::string_view bytes) {
    const std::string_view part = first_line(bytes);
    flow.head += part.substr(0, most_of_head - flow.head.size());
    if (part.ends_with('\n')) end_line(flow);
    return part;
}

// A chunk's size, or a trailer (RFC 9112 §7.1). After a size that isn't one the server refuses the
// request.
void WireReader::end_line(Flow& flow) {
    const std::string line = std::exchange(flow.head, {});
    if (flow.state == State::trailers) {
        if (line == "\r\n" || line == "\n") flow.state = State::head;
        return;
    }
    std::uint32_t size = 0;
    const auto error = std::from_chars(line.data(), line.data() + line.size(), size, 16).ec;
    flow.left = std::uint64_t{size} + 2;  // and the line end after the chunk
    flow.state = error != std::errc() ? State::endless : size > 0 ? State::chunk : State::trailers;
}

// The body is complete, or as much of it has come as will be shown.
void WireReader::finish_body(Flow& flow) {
    const Body body = std::exchange(flow.body, {});
    if (body.size + body.size_of_file == 0) return;
    std::string text = shown_bytes(body.start, body.size);
    if (body.size_of_file > 0)
        text += "(" + std::to_string(body.size_of_file) + " bytes of a file)\n";
    show(flow, std::move(text));
}

void WireReader::show(const Flow& flow, std::string text) {
    const Exchange& exchange = flow.exchange;
    if (exchange.is_own || text.empty()) return;
    steps_.push_back(
        {exchange.number, flow.direction, Clock::now() - exchange.began, std::move(text)});
}
