// One client's conversation: see connection.hpp.
#include "connection.hpp"

#include <utility>

namespace {

// Does the client want no other reply on this connection (RFC 9112 §9.3)?
bool wants_close(const Request& request) {
    if (request.headers.lists("Connection", "close")) return true;
    return request.version == "HTTP/1.0" && !request.headers.lists("Connection", "keep-alive");
}

}  // namespace

Connection::Connection(const Handler& handler, const Limits& limits, AccessLog* log,
                       std::string peer)
    : handler_(handler),
      limits_(limits),
      log_(log),
      peer_(std::move(peer)),
      parser_(limits),
      deadline_(Clock::now() + limits.request_head) {}

void Connection::feed(std::string_view bytes) {
    if (!parser_.begun()) give_turn(Turn::head);
    parser_.feed(bytes);
}

void Connection::end_of_input() {
    if (parser_.in_request()) fail(400, "The request ended too early.");
    finished_ = true;
    client_ends_ = true;
}

std::string Connection::take_output() {
    try {
        // Small replies to requests that came together go out together, in one send().
        while (!finished_ && !file_ && output_.size() < limits_.output_batch) {
            auto request = parser_.next();
            if (!request) break;
            answer(*request);
        }
    } catch (const HttpError& error) {
        fail(error.status, error.what());
    }
    if (output_.empty() && turn_ == Turn::ours) {
        give_turn(parser_.begun() ? Turn::head : Turn::next_request);
    }
    return std::exchange(output_, {});
}

std::optional<FileSlice> Connection::take_file() {
    const std::unique_ptr<FileSlice> file = std::move(file_);
    return file ? std::optional(*file) : std::nullopt;
}

void Connection::time_out() {
    if (parser_.in_request()) fail(408, "The request took too long to arrive.");
    finished_ = true;
}

void Connection::stop() {
    stopping_ = true;  // the next reply is the last one
    // Not finished at once, because a request sent earlier may still lie in the kernel's buffer.
    if (!parser_.in_request()) give_turn(Turn::next_request);
}

void Connection::give_turn(Turn turn) {
    turn_ = turn;
    if (turn == Turn::next_request)
        deadline_ = stopping_ ? Clock::now() : Clock::now() + limits_.idle;
    else if (turn == Turn::head)
        deadline_ = Clock::now() + limits_.request_head;
}

void Connection::answer(Request& request) {
    const auto started = Clock::now();
    reply(request, call_handler(handler_, request), started);
}

// Answers bytes that aren't a request. We can't tell where they end, so we read nothing more.
void Connection::fail(int status, std::string_view explanation) {
    finished_ = true;
    reply(parser_.partial(), Response::error(status, explanation), Clock::now());
}

void Connection::reply(const Request& request, Response response, Clock::time_point started) {
    add_error_page(response, request.line);
    ++requests_;
    give_turn(Turn::ours);
    // A plain close() won't do after an error, or while a body may still come, which we don't read.
    client_ends_ = !finished_ && wants_close(request) && !request.has_body();
    finished_ = finished_ || stopping_ || client_ends_ || requests_ == limits_.requests;
    finished_ = finished_ || request.has_body();  // it isn't read, and must not pass for a request
    const bool with_body = request.method != "HEAD";
    if (with_body && response.file) file_ = std::make_unique<FileSlice>(*response.file);
    const bool kept = !finished_;
    serialize(response, with_body, output_, kept ? std::optional(limits_.idle) : std::nullopt);
    if (log_ != nullptr) {
        log_->add({peer_, request.line, response.status, with_body ? response.body_size() : 0,
                   Clock::now() - started, response.problem});
    }
}
