// One client's conversation: see connection.hpp.
#include "connection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace {

// How often a body that waits for memory looks for it.
constexpr std::chrono::milliseconds room_pause{50};

constexpr const char* no_memory = "The server is short of memory. Please try again.";

// Does the client want no other reply on this connection (RFC 9112 §9.3)?
bool wants_close(const Request& request) {
    if (request.headers.lists("Connection", "close")) return true;
    return request.version == "HTTP/1.0" && !request.headers.lists("Connection", "keep-alive");
}

}  // namespace

Response answer_within_memory(const Handler& handler, Request& request, const Limits& limits,
                              std::shared_ptr<BodyShare>& share) {
    const auto fits = [&](const Response& response) {
        const std::size_t size = response.body.size();
        return size <= limits.output_batch || take_room(limits, share, size);
    };
    {
        Response response = call_handler(handler, request);
        if (fits(response)) return response;
    }  // which frees it
    give_back_memory(limits);
    request.refusal = no_memory;
    Response refusal = call_handler(handler, request);
    // (A handler without a router may not know of refusals, and has answered once more.)
    return fits(refusal) ? std::move(refusal) : Response::error(503, no_memory);
}

Connection::Connection(const Handler& handler, const Limits& limits, AccessLog* log,
                       std::string peer)
    : handler_(handler),
      limits_(limits),
      log_(log),
      peer_(std::move(peer)),
      parser_(limits),
      deadline_(Clock::now() + limits.request_head) {}

void Connection::feed(std::string_view bytes) {
    if (!parser_.begun() && !with_worker()) give_turn(Turn::head);
    if (turn_ == Turn::body) {
        body_bytes_ += bytes.size();
        // The body is fast enough, so the next ten seconds begin, with no bytes counted.
        if (body_bytes_ >= limits_.slowest_bytes) give_turn(Turn::body);
    }
    parser_.feed(bytes);
}

void Connection::end_of_input() {
    if (parser_.in_request()) fail(400, "The request ended too early.");
    finished_ = true;
    client_ends_ = true;
}

std::string Connection::take_output(Clock::time_point turn_ends) {
    if (output_.empty()) share_ = nullptr;  // all that was taken before has been sent
    try {
        // Small replies to requests that came together go out together, in one send().
        while (may_go_on(turn_ends)) {
            auto request = parser_.next();
            if (!request) break;
            request->peer = peer_;
            if (needs_worker_ != nullptr && (*needs_worker_)(*request)) {
                leave_to_worker(std::move(request));
                break;
            }
            answer(*request);
        }
        if (!finished_ && parser_.take_continue()) answer_head();
    } catch (const HttpError& error) {
        fail(error.status, error.what());
    }
    // With nothing left to say it is the client's turn. While a body is read, the turn also changes
    // between body and room, as memory for it runs out and comes back.
    const bool may_change = turn_ == Turn::ours || parser_.reading_body();
    if (output_.empty() && may_change && turn_ != next_turn()) give_turn(next_turn());
    return std::exchange(output_, {});
}

// May another request be answered before the output is taken? Not while one is with a worker, so
// that replies keep their order, and not past the end of this client's turn.
bool Connection::may_go_on(Clock::time_point turn_ends) const {
    return !finished_ && !file_ && !takeover_ && !with_worker() &&
           output_.size() < limits_.output_batch &&
           (output_.empty() || !has_input() || Clock::now() < turn_ends);
}

std::optional<FileSlice> Connection::take_file() {
    const std::unique_ptr<FileSlice> file = std::move(file_);
    return file ? std::optional(*file) : std::nullopt;
}

Takeover Connection::take_protocol() {
    const auto takeover = std::move(takeover_);
    takeover->input = parser_.take_rest();
    return std::move(*takeover);
}

void Connection::time_out() {
    if (turn_ == Turn::room) {
        deadline_ = std::min(Clock::now() + room_pause, room_ends_);
        if (Clock::now() < room_ends_) return;
        fail(503, no_memory);
        return give_back_memory(limits_);
    }
    if (parser_.in_request()) fail(408, "The request took too long to arrive.");
    finished_ = true;
}

void Connection::stop() {
    stopping_ = true;  // the next reply is the last one
    // Not finished at once, because a request sent earlier may still lie in the kernel's buffer.
    if (!parser_.in_request() && !with_worker()) give_turn(Turn::next_request);
}

// Whose turn it is when we have nothing to say.
Connection::Turn Connection::next_turn() const {
    if (parser_.reading_body()) return parser_.wants() > 0 ? Turn::body : Turn::room;
    return parser_.begun() ? Turn::head : Turn::next_request;
}

void Connection::give_turn(Turn turn) {
    turn_ = turn;
    if (turn == Turn::next_request)
        deadline_ = stopping_ ? Clock::now() : Clock::now() + limits_.idle;
    else if (turn == Turn::head)
        deadline_ = Clock::now() + limits_.request_head;
    else if (turn == Turn::body)
        deadline_ = Clock::now() + limits_.body_slow;
    else if (turn == Turn::room) {
        deadline_ = Clock::now() + room_pause;
        room_ends_ = Clock::now() + limits_.room;
    }
    body_bytes_ = 0;
}

void Connection::answer(Request& request) {
    const auto started = Clock::now();
    request.received = started;
    keep_share(request);
    reply(request, answer_within_memory(handler_, request, limits_, share_), started);
}

// A reply may be as long as the body was, so it takes that body's place in the memory for all
// bodies until its client has taken it.
void Connection::keep_share(const Request& request) {
    if (request.share) share_ = request.share;
}

// What the head alone decides (401, 403, 404, 405, 421) is said before the body is sent. This runs
// in the engine's own thread: no route's handler is called, and middleware doesn't wait.
void Connection::answer_head() {
    Request head = parser_.partial();
    head.head_only = true;
    head.peer = peer_;
    Response response = call_handler(handler_, head);
    if (response.status == 100) {
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
        return;
    }
    finished_ = true;  // the client may send the body all the same
    reply(head, std::move(response), Clock::now());
    parser_.drop_body();
}

// Answers bytes that aren't a request. We can't tell where they end, so we read nothing more.
void Connection::fail(int status, std::string_view explanation) {
    finished_ = true;
    Response response = Response::error(status, explanation);
    // The parser refuses compressed bodies, and says what it takes (RFC 9110 §12.5.3).
    if (status == 415) response.headers.add("Accept-Encoding", "identity");
    reply(parser_.partial(), std::move(response), Clock::now());
    parser_.drop_body();
}

void Connection::reply(const Request& request, Response response, Clock::time_point started) {
    add_error_page(response, request.line);
    ++requests_;
    give_turn(Turn::ours);
    client_ends_ = !finished_ && wants_close(request);  // not after an error
    finished_ = finished_ || stopping_ || client_ends_ || requests_ == limits_.requests;
    const bool switching = response.status == 101;
    const bool stream = response.protocol && !switching;
    if (stream) finished_ = true;  // nothing can follow it
    const bool with_body = request.method != "HEAD";
    if (with_body && response.file) file_ = std::make_unique<FileSlice>(*response.file);
    // The length of a stream isn't known, so it goes out in chunks; a WebSocket has frames.
    // HTTP/1.0 has no chunks (RFC 9112 §6.1): such a client reads to the end of the connection.
    const bool chunked = stream && request.version != "HTTP/1.0";
    if (with_body && response.protocol) {
        takeover_ = std::make_unique<Takeover>(Takeover{response.protocol, chunked, ""});
    }
    if (chunked) response.headers.set("Transfer-Encoding", "chunked");
    const bool kept = !finished_ && !switching;
    serialize(response, with_body, output_, kept ? std::optional(limits_.idle) : std::nullopt);
    if (log_ != nullptr) {
        log_->add({peer_, request.line, response.status, with_body ? response.body_size() : 0,
                   Clock::now() - started, response.problem});
    }
}

void Connection::leave_to_worker(std::unique_ptr<Request> request) {
    request->received = Clock::now();
    job_ = std::move(request);
    give_turn(Turn::handler);
}

void Connection::resume(const Request& job, Response response) {
    keep_share(job);
    reply(job, std::move(response), job.received);
}
