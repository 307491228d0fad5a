// One client's conversation, as bytes in and bytes out. It knows what to answer and when to hang
// up, but it never touches a socket. So it can be tested on strings, and driven by any engine, such
// as a thread for each client (server.cpp).
// Leaves out: what follows a 101 or the head of a stream. It hands that on: see take_protocol().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../common/clock.hpp"
#include "file.hpp"
#include "handler.hpp"
#include "limits.hpp"
#include "log.hpp"
#include "request.hpp"
#include "response.hpp"

// Is the request's handler one that has to wait, for a disk say? An event loop must not call it.
using WorkerTest = std::function<bool(Request&)>;

// What takes a connection over after the head of a response (stream/protocol.hpp).
struct Takeover {
    std::shared_ptr<Protocol> protocol;
    bool chunked = false;  // it is a stream, and its bytes go out in chunks (RFC 9112 §7.1)
    std::string input;     // what the client has sent after the request
};

// The handler's response, or 503 if it is long and other bodies have all of the memory: a long reply
// takes memory of that for all bodies, even if its request had none. (What changes something on the
// disk has short replies, so this 503 means that nothing was done.)
Response answer_within_memory(const Handler& handler, Request& request, const Limits& limits,
                              std::shared_ptr<BodyShare>& share);

class Connection {
  public:
    // `log` may be nullptr. Handler, limits and log must outlive the connection.
    Connection(const Handler& handler, const Limits& limits, AccessLog* log, std::string peer);

    // What the client sent, in pieces of any size.
    void feed(std::string_view bytes);

    // How many bytes to read next, at most. 0 while the bodies of other clients have all of the
    // memory: then the kernel slows the client down, and each time_out() looks for room again.
    std::size_t wants() const { return parser_.wants(); }

    // The client will send no more.
    void end_of_input();

    // What to send next; empty when there is nothing to send now. Only this call looks for the next
    // request, so a client that sends many requests and never reads costs us what one call returns,
    // and not all of its replies. Past `turn_ends` it begins no second one, because others wait.
    std::string take_output(Clock::time_point turn_ends = Clock::time_point::max());

    // True if the client has sent more than was answered, such as further requests.
    bool has_input() const { return parser_.begun(); }

    // The part of a file that has to follow the output just taken, if there is one. The engine can
    // send it without copying it through the program.
    std::optional<FileSlice> take_file();

    // Is another protocol to take over, once take_output() is empty? take_protocol() hands it out,
    // and the conversation in HTTP is over.
    bool has_protocol() const { return takeover_ != nullptr; }
    Takeover take_protocol();

    // Close the connection once take_output() is empty.
    bool finished() const { return finished_; }

    // True if the client itself ended the connection, and none of the bytes that we have read are
    // left over. Then a plain close() may do: see may_just_close().
    bool ended_by_client() const { return finished_ && client_ends_ && !parser_.in_request(); }

    // How long the client may keep us waiting. After that time_out() replies with 408 if a request
    // has begun, and says nothing if not.
    Clock::time_point deadline() const { return deadline_; }
    void time_out();

    // Requests for which the test is true are not answered at once. The engine takes each one,
    // calls its handler in a worker thread, and hands the response to resume(). Until then the
    // client's next requests wait. Without a test every request is answered at once.
    void use_workers_if(const WorkerTest& test) { needs_worker_ = test ? &test : nullptr; }
    std::unique_ptr<Request> take_job() { return std::move(job_); }  // nullptr if there is none now
    bool with_worker() const { return turn_ == Turn::handler; }
    void resume(const Request& job, Response response);

    // The server is about to stop. A client that has not begun a request gets no more time for it.
    void stop();

  private:
    // Whose turn it is decides how long the client may take.
    enum class Turn {
        ours,          // a reply is on its way: the engine sees to it that the client takes it
        next_request,  // limits.idle until a request begins; no time at all when we are to stop
        head,          // limits.request_head until a request that has begun is complete
        body,          // limits.body_slow for the next limits.slowest_bytes, or the body's end
        room,          // ours: for limits.room its body waits for memory, and nothing is read
        handler,       // a worker's: the client waits
    };

    void give_turn(Turn turn);
    Turn next_turn() const;
    bool may_go_on(Clock::time_point turn_ends) const;
    void leave_to_worker(std::unique_ptr<Request> request);
    void answer(Request& request);
    void keep_share(const Request& request);
    void answer_head();
    void fail(int status, std::string_view explanation);
    void reply(const Request& request, Response response, Clock::time_point started);

    const Handler& handler_;
    const Limits& limits_;
    AccessLog* log_;
    std::string peer_;
    RequestParser parser_;
    std::string output_;
    std::shared_ptr<BodyShare> share_;  // of the body that is being answered
    std::unique_ptr<FileSlice> file_;   // a pointer, because most clients are idle and have none
    bool finished_ = false;
    bool client_ends_ = false;  // it has closed its side, or asked us to close (RFC 9112 §9.6)
    bool stopping_ = false;
    Turn turn_ = Turn::head;    // the first request has a head's time from the beginning
    std::size_t requests_ = 0;  // answered so far
    Clock::time_point deadline_;

    std::size_t body_bytes_ = 0;   // bytes of a body since give_turn(body)
    Clock::time_point room_ends_;  // when a body has waited for memory long enough
    const WorkerTest* needs_worker_ = nullptr;
    std::unique_ptr<Request> job_;        // for a worker, until the engine takes it
    std::unique_ptr<Takeover> takeover_;  // until it is taken
};
