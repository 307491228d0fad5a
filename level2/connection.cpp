// One client's conversation: see connection.hpp.
#include "connection.hpp"

#include <utility>

namespace {

// Does the client want no other reply on this connection (RFC 9112 §9.3)? One that spells it
// differently, such as Close, only gets the longer goodbye.
bool wants_close(const Request& request) {
    const std::string* const option = request.headers.find("Connection");
    return option != nullptr ? *option == "close" : request.version == "HTTP/1.0";
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
    if (!parser_.begun()) deadline_ = Clock::now() + limits_.request_head;
    parser_.feed(bytes);
}

void Connection::end_of_input() {
    if (parser_.in_request()) fail(400, "The request ended too early.");
    finished_ = true;
    client_ends_ = true;
}

std::string Connection::take_output() {
    try {
        if (!finished_) {
            if (auto request = parser_.next()) answer(*request);
        }
    } catch (const HttpError& error) {
        fail(error.status, error.what());
    }
    return std::exchange(output_, {});
}

void Connection::time_out() {
    if (parser_.in_request()) fail(408, "The request took too long to arrive.");
    finished_ = true;
}

void Connection::stop() {
    // Not finished at once, because a request sent earlier may still lie in the kernel's buffer.
    if (!parser_.in_request()) deadline_ = Clock::now();
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
    // A plain close() won't do after an error, or while a body may still come, which we don't read.
    client_ends_ = !finished_ && wants_close(request) && !request.has_body();
    finished_ = true;
    const bool with_body = request.method != "HEAD";
    serialize(response, with_body, output_);
    if (log_ != nullptr) {
        log_->add({peer_, request.line, response.status, with_body ? response.body_size() : 0,
                   Clock::now() - started, response.problem});
    }
}
