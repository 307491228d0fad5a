// One client's conversation, as bytes in and bytes out: it knows what to answer and when to hang
// up, but it never touches a socket. So it can be tested on strings, and driven by any engine,
// such as a thread for each client (server.cpp).
// Leaves out: reading bodies (level 4). A request with a body is answered and ends the
// conversation: its bytes, which nobody reads here, must never be taken for a request.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "../common/socket.hpp"  // Clock
#include "file.hpp"
#include "limits.hpp"
#include "log.hpp"
#include "request.hpp"
#include "response.hpp"

// The handler's response, also if it throws: an HttpError's own status, 500 for anything else.
Response call_handler(const Handler& handler, Request& request);

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
    // not all of its replies.
    std::string take_output();

    // The part of a file that has to follow the output just taken, if there is one. The engine can
    // send it without copying it through the program.
    std::optional<FileSlice> take_file();

    // Close the connection once take_output() is empty.
    bool finished() const { return finished_; }

    // How long the client may keep us waiting, and what happens then: a reply of 408 if a request
    // has begun, silence if not.
    Clock::time_point deadline() const { return deadline_; }
    void time_out();

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
};
