// What passes on one connection, cut into the steps that the page at /wire shows: a request's head,
// its body, the reply's head, and so on. Bytes come in pieces of any size, so a step is made of a
// whole head, or of a whole body that was counted to its end; a secret that is cut in two by the
// border of a packet is found all the same.
//
//     head ---- Content-Length ----> sized --------------> head, of the next message
//       |------ chunked request ---> chunk_size <-> chunk
//       |                                '----> trailers -> head
//       |------ stream, or the last ---> endless            until the connection closes
//       '------ 101, or our own -------> ignored            until the connection closes
//
// Leaves out: bytes after a 101, because each frame has a note in the trace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "../../common/clock.hpp"
#include "../../common/trace.hpp"

struct WireStep {
    std::int64_t exchange;  // a request and what follows from it have the same number
    char direction;         // as in the trace: < to the server, > to the client
    Clock::duration after;  // since the exchange began
    std::string text;
};

class WireReader {
  public:
    static constexpr std::size_t most_of_body = 2048;      // bytes that are shown
    static constexpr std::size_t most_of_head = 32 << 10;  // bytes; the parser takes 24 KiB

    // `exchanges` counts those of all connections.
    explicit WireReader(std::int64_t& exchanges) : exchanges_(exchanges) {}

    // A piece of what passes. Returns the steps that are complete with it.
    std::vector<WireStep> read(char direction, std::string_view bytes, Traced what);

    // The connection has ended: what is left, complete or not.
    std::vector<WireStep> end();

    // This connection carries the page's own events. Nothing more of it is shown.
    void leave_out();

  private:
    struct Exchange {
        std::int64_t number = 0;
        Clock::time_point began = {};
        bool is_own = false;   // for the page itself: it is not shown
        bool is_head = false;  // a HEAD request, whose reply has no body
    };
    struct Body {
        std::string start = {};           // its first bytes, as far as they are shown
        std::size_t room = most_of_body;  // for more of them
        std::uint64_t size = 0;           // bytes that have passed
        std::uint64_t size_of_file = 0;   // bytes that the kernel sent from a file
    };
    // One direction.
    struct Flow {
        enum class State { head, sized, chunk_size, chunk, trailers, endless, ignored };
        char direction;
        State state = State::head;
        std::string head = {};   // as far as it has come; or a line between two chunks
        std::uint64_t left = 0;  // bytes of the body, or of its chunk, still to come
        Body body = {};
        Exchange exchange = {};  // whose message it is
    };
    using State = Flow::State;

    void read_bytes(Flow& flow, std::string_view bytes);
    void read_note(Flow& flow, std::string_view note);
    static bool take_head(Flow& flow, std::string_view& bytes);
    void begin_request();
    void begin_reply();
    Exchange replied_to(bool is_interim);
    void only_count_requests();
    static void pass_body(Flow& flow, std::string_view& bytes);
    static std::string_view pass_counted(Flow& flow, std::string_view bytes);
    static std::string_view pass_line(Flow& flow, std::string_view bytes);
    static void end_line(Flow& flow);
    void finish_body(Flow& flow);
    void show(const Flow& flow, std::string text);

    std::int64_t& exchanges_;
    Flow request_{'<'};
    Flow reply_{'>'};
    std::deque<Exchange> unanswered_;  // requests that have come, the first of them first
    std::vector<WireStep> steps_;      // that are complete, until read() returns
};
