// One client's conversation, as bytes in and bytes out. It knows what to answer and when to hang
// up, but it never touches a socket. So it can be tested on strings, and driven by any engine, such
// as a thread for each client (server.cpp).
// Leaves out: a second request on the same connection (level 3).
#pragma once

#include <string>
#include <string_view>

#include "../common/clock.hpp"
#include "handler.hpp"
#include "limits.hpp"
#include "log.hpp"
#include "request.hpp"
#include "response.hpp"

class Connection {
  public:
    // `log` may be nullptr. Handler, limits and log must outlive the connection.
    Connection(const Handler& handler, const Limits& limits, AccessLog* log, std::string peer);

    // What the client sent, in pieces of any size.
    void feed(std::string_view bytes);

    // The client will send no more.
    void end_of_input();

    // What to send next; empty when there is nothing to send now. Only this call looks for the next
    // request, so a client that sends many requests and never reads costs us what one call returns,
    // and not all of its replies.
    std::string take_output();

    // Close the connection once take_output() is empty.
    bool finished() const { return finished_; }

    // True if the client itself ended the connection, and none of the bytes that we have read are
    // left over. Then a plain close() may do: see may_just_close().
    bool ended_by_client() const { return finished_ && client_ends_ && !parser_.in_request(); }

    // How long the client may keep us waiting. After that time_out() replies with 408 if a request
    // has begun, and says nothing if not.
    Clock::time_point deadline() const { return deadline_; }
    void time_out();

    // The server is about to stop. A client that has not begun a request gets no more time for it.
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
    bool finished_ = false;
    bool client_ends_ = false;  // it has closed its side, or asked us to close (RFC 9112 §9.6)
    Clock::time_point deadline_;
};
