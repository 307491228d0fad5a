// One client's conversation: see connection.hpp.
#include "connection.hpp"

#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <utility>

namespace {

// May another request follow on this connection (RFC 9112 §9.3)?
bool wants_keep_alive(const Request& request) {
    if (request.headers.lists("Connection", "close")) return false;
    return request.version != "HTTP/1.0" || request.headers.lists("Connection", "keep-alive");
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

void Connection::receive(std::string_view bytes) {
    // Before its open() the bytes stay with the parser; take_rest() hands them over.
    if (protocol_ && opened_) return protocol_->receive(bytes);
    if (!parser_.begun()) deadline_ = Clock::now() + limits_.request_head;
    if (parser_.reading_body()) deadline_ = Clock::now() + limits_.body_stall;
    parser_.feed(bytes);
}

void Connection::end_of_input() {
    if (protocol_) return protocol_->end_of_input();
    if (parser_.in_request()) fail(400, "The request breaks off.");
    finished_ = true;
}

std::string Connection::take_output(Clock::time_point turn_ends) {
    // First the rest of the head; then the protocol speaks.
    if (protocol_ && output_.empty()) return take_protocol_output();
    try {
        // Small replies to requests that came together go out together: one send() for all of them.
        while (!finished_ && !file_ && !protocol_ && !awaits_response_ &&
               output_.size() < limits_.output_batch &&
               (output_.empty() || !has_input() || Clock::now() < turn_ends)) {
            auto request = parser_.next();
            if (!request) break;
            request->peer = peer_;
            if (is_blocking_ != nullptr && (*is_blocking_)(*request)) {
                // Moved out: a worker has it all to itself. No further request is looked at until
                // it is back, so replies keep their order.
                deferred_ = std::make_unique<DeferredRequest>(
                    DeferredRequest{std::move(*request), Clock::now()});
                awaits_response_ = true;
                break;
            }
            answer(*request);
        }
        if (!finished_ && parser_.take_continue()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    } catch (const HttpError& error) {
        fail(error.status, error.what());
    }
    // The head's ten seconds end with the head: its body has a time of its own.
    const bool was_in_body = std::exchange(in_body_, parser_.reading_body());
    if (in_body_ && !was_in_body) deadline_ = Clock::now() + limits_.body_stall;
    if (output_.empty() && std::exchange(replied_, false)) {
        // Everything has been taken: from now on it is the client's time that runs again.
        deadline_ = Clock::now();
        if (parser_.begun())
            deadline_ += limits_.request_head;
        else if (!stopping_)
            deadline_ += limits_.idle;
    }
    return std::exchange(output_, {});
}

std::optional<FileSlice> Connection::take_file() {
    return std::exchange(file_, std::nullopt);
}

void Connection::time_out() {
    if (protocol_) return protocol_->time_out();
    if (parser_.in_request()) fail(408, "The request took too long to arrive.");
    finished_ = true;
}

void Connection::stop() {
    if (protocol_) return protocol_->stop();
    stopping_ = true;  // the next reply is the last one
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
    ++requests_;
    replied_ = true;
    finished_ =
        finished_ || stopping_ || !wants_keep_alive(request) || requests_ == limits_.requests;
    const bool switching = response.status == 101;
    if (response.protocol && !switching) finished_ = true;  // a stream is the last reply
    // Only what is not understood anyway: HTTP/1.1 keeps a connection, HTTP/1.0 closes it.
    if (!switching && (finished_ || request.version == "HTTP/1.0")) {
        response.headers.add("Connection", finished_ ? "close" : "keep-alive");
    }
    const bool with_body = request.method != "HEAD";
    if (with_body) file_ = response.file;
    if (with_body) protocol_ = response.protocol;
    // Nobody knows how long a stream will be, so it goes out in chunks; a WebSocket has frames. An
    // HTTP/1.0 client knows no chunks (RFC 9112 §6.1): it reads to the end of the connection.
    chunked_ = response.protocol && !switching && request.version != "HTTP/1.0";
    if (chunked_) response.headers.set("Transfer-Encoding", "chunked");
    serialize(response, with_body, output_);
    if (log_ != nullptr) {
        log_->add(peer_, request.line, response.status, with_body ? response.body_size() : 0,
                  Clock::now() - started);
    }
}

void Connection::resume(const DeferredRequest& deferred, Response response) {
    awaits_response_ = false;
    reply(deferred.request, std::move(response), deferred.started);
}

// What the other protocol has to say. In a stream each piece is a chunk (RFC 9112 §7.1).
std::string Connection::take_protocol_output() {
    if (!std::exchange(opened_, true)) {
        protocol_->open(wake_);
        if (stopping_) protocol_->stop();  // it was asked for just before the end
        protocol_->receive(parser_.take_rest());
    }
    const bool ended = protocol_->finished();
    std::string output = protocol_->take_output();
    if (!chunked_ || (output.empty() && !ended)) return output;
    if (output.empty()) return std::exchange(last_chunk_sent_, true) ? "" : "0\r\n\r\n";
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", output.size());
    return size + output + "\r\n";
}
