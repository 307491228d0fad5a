// One client's conversation, as bytes in and bytes out: it knows what to answer and when to hang
// up, but it never touches a socket. So it can be tested on strings, and driven by any engine,
// such as a thread for each client (server.cpp).
// After a 101, or the head of a stream of events, another Protocol takes its place.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../common/socket.hpp"  // Clock
#include "file.hpp"
#include "limits.hpp"
#include "log.hpp"
#include "request.hpp"
#include "response.hpp"
#include "stream/protocol.hpp"

// The handler's response, also if it throws: an HttpError's own status, 500 for anything else.
Response call_handler(const Handler& handler, Request& request);

// True for requests whose handler is blocking() (router.hpp): a loop must not call that itself.
using BlockingTest = std::function<bool(const Request&)>;
struct DeferredRequest {
    Request request;
    Clock::time_point started;
};

class Connection {
  public:
    // `log` may be nullptr. Handler, limits and log must live longer than the connection.
    Connection(const Handler& handler, const Limits& limits, AccessLog* log, std::string peer);

    // What the client sent, in pieces of any size.
    void receive(std::string_view bytes);

    // The client will send no more.
    void end_of_input();

    // What to send next; empty when there is nothing to send now. Only this call looks for the next
    // request: so a client that asks and asks but never reads costs us what one call returns, and
    // not all of its replies. Past `turn_ends` it begins no second one: others are waiting, too.
    std::string take_output(Clock::time_point turn_ends = Clock::time_point::max());

    // Has the client sent more than was answered, such as further requests?
    bool has_input() const { return !protocol_ && parser_.begun(); }

    // The part of a file that has to follow the output just taken, if there is one. The engine can
    // send it without copying it through the program.
    std::optional<FileSlice> take_file();

    // Close the connection once take_output() is empty.
    bool finished() const { return protocol_ ? protocol_->finished() : finished_; }

    // How long the client may keep us waiting, and what happens then: a reply of 408 if a request
    // has begun, silence if not.
    Clock::time_point deadline() const { return protocol_ ? protocol_->deadline() : deadline_; }
    void time_out();

    // Requests that this finds are not answered at once: the engine has to take each of them, call
    // its handler where waiting does no harm, and bring the response back. Until then the client
    // waits, and its next requests do, too. Without a test every request is answered at once.
    void defer_if(const BlockingTest& test) { is_blocking_ = test ? &test : nullptr; }
    // take_deferred() is nullptr once the engine has it; resume() takes it back with its response.
    std::unique_ptr<DeferredRequest> take_deferred() { return std::move(deferred_); }
    bool awaits_response() const { return awaits_response_; }
    void resume(const DeferredRequest& deferred, Response response);

    // Another protocol has taken over. It speaks by itself, so it needs a way to wake the engine;
    // set it before the next take_output().
    bool upgraded() const { return protocol_ != nullptr; }
    bool dropped() const { return protocol_ && protocol_->dropped(); }
    void on_wake(std::function<void()> wake) { wake_ = std::move(wake); }

    // The server is about to stop: whoever has not begun a request gets no more time for it.
    void stop();

  private:
    void answer(Request& request);
    void fail(int status, std::string_view explanation);
    void reply(const Request& request, Response response, Clock::time_point started);

    const Handler& handler_;
    const Limits& limits_;
    AccessLog* log_;
    std::string peer_;
    RequestParser parser_;
    std::string output_;
    std::optional<FileSlice> file_;
    bool finished_ = false;
    bool stopping_ = false;
    bool replied_ = false;  // since the deadline was set
    std::size_t requests_ = 0;
    Clock::time_point deadline_;

    std::string take_protocol_output();

    bool in_body_ = false;                       // for the moment when the body's own time begins
    const BlockingTest* is_blocking_ = nullptr;  // without one every handler is called at once
    std::unique_ptr<DeferredRequest> deferred_;  // not yet taken by the engine
    bool awaits_response_ = false;               // from then until resume()
    std::shared_ptr<Protocol> protocol_;         // what has taken over
    std::function<void()> wake_;                 // for its open()
    bool opened_ = false;                        // its open() was called: the head is on its way
    bool chunked_ = false;                       // a stream; a WebSocket frames its bytes itself
    bool last_chunk_sent_ = false;
};
