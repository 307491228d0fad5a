// One client's conversation: see connection.hpp.
#include "connection.hpp"

#include <exception>
#include <iostream>
#include <optional>
#include <utility>

Connection::Connection(const Handler& handler, const Limits& limits, AccessLog* log,
                       std::string peer)
    : handler_(handler),
      limits_(limits),
      log_(log),
      peer_(std::move(peer)),
      parser_(limits),
      deadline_(Clock::now() + limits.request_head) {}

void Connection::receive(std::string_view bytes) {
    if (!parser_.begun()) deadline_ = Clock::now() + limits_.request_head;
    parser_.feed(bytes);
}

void Connection::end_of_input() {
    if (parser_.in_request()) fail(400, "The request breaks off.");
    finished_ = true;
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
    // Not finished at once: a request may lie in the kernel's buffer, sent before we were to stop.
    if (!parser_.in_request()) deadline_ = Clock::now();
}

Response call_handler(const Handler& handler, Request& request) {
    try {
        return handler(request);
    } catch (const HttpError& error) {
        return Response::error(error.status, error.what());
    } catch (const std::exception& error) {
        // Details are for the person who runs the server, not for the client.
        std::cerr << visible(request.line) << ": " << error.what() << std::endl;
        return Response::error(500, "The server has made a mistake.");
    }
}

void Connection::answer(Request& request) {
    const auto started = Clock::now();
    reply(request, call_handler(handler_, request), started);
}

// Answers what is no request. Where it ends can't be known, so nothing after it is looked at.
void Connection::fail(int status, std::string_view explanation) {
    finished_ = true;
    reply(parser_.partial(), Response::error(status, explanation), Clock::now());
}

void Connection::reply(const Request& request, Response response, Clock::time_point started) {
    finished_ = true;
    response.headers.add("Connection", "close");
    const bool with_body = request.method != "HEAD";
    serialize(response, with_body, output_);
    if (log_ != nullptr) {
        log_->add(peer_, request.line, response.status, with_body ? response.body_size() : 0,
                  Clock::now() - started);
    }
}
