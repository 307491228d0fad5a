// A request, and the parser that turns a stream of bytes into requests. TCP keeps no boundaries:
// one request may come in any number of pieces, and many requests may come in one piece. The
// parser takes pieces of any size and never touches the network. It refuses what isn't exactly
// HTTP, because where two programs read the same bytes differently, an attacker slips a request in.
// Leaves out: bodies too large for memory, and trailers, which are read and dropped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../common/clock.hpp"
#include "headers.hpp"
#include "limits.hpp"

// The methods that we accept (RFC 9110 §9.3). TRACE and CONNECT are not supported.
constexpr std::array<std::string_view, 7> known_methods{"GET",   "HEAD",   "POST",   "PUT",
                                                        "PATCH", "DELETE", "OPTIONS"};

struct Route;
class BodyShare;

// Makes the share this large, and first of all makes it. False if other bodies, and replies, have all
// of the memory. (body/request_body.cpp)
bool take_room(const Limits& limits, std::shared_ptr<BodyShare>& share, std::size_t bytes);
// For when a body or a reply has been refused for want of memory: see BodyBudget::give_back().
void give_back_memory(const Limits& limits);

struct Request {
    std::string line;       // the request line as received, for the log
    std::string method;     // GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS
    std::string target;     // /hello?name=Ada, as received
    std::string authority;  // of a target such as http://host:80/hello; Host is then the same
    std::string version;    // HTTP/1.1, as received
    std::string path;       // /hello, percent-decoded: any byte may be in it
    std::string query;      // name=Ada, still encoded: see query_value()
    Headers headers;
    std::map<std::string, std::string> params;  // what the route's pattern names: {id} is at("id")

    std::uint64_t content_length = 0;
    bool chunked = false;
    bool has_body() const { return chunked || content_length > 0; }
    // Does the method only read (RFC 9110 §9.2.1)?
    bool is_safe() const { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }
    std::string peer;                  // the client's address, such as 127.0.0.1
    Clock::time_point received;        // when it was complete; it may wait from here on
    std::string body;                  // decoded: without the chunks' sizes
    std::shared_ptr<BodyShare> share;  // of the memory for all bodies

    // Only the head has come, and the client waits for our answer before it sends the body.
    // Middleware may refuse it. If none does, the router answers 100 and calls no route's handler.
    // Middleware that counts or writes lets it pass, because the whole request follows.
    bool head_only = false;

    // Not empty if there is no worker or no memory for the request. The router answers 503 with these
    // words and calls no route's handler, so that the reply is still one that middleware sees.
    std::string refusal;

    // The route that Router::needs_worker() found before any middleware saw the request. Middleware
    // that changes method or path sets it to nullptr, or that route still answers. With nullptr the
    // router looks again; but the handler runs in the thread that was chosen for the first route.
    const Route* route = nullptr;
};

class RequestParser {
  public:
    // The limits must outlive the parser.
    explicit RequestParser(const Limits& limits) : limits_(limits) {}

    // More bytes from the client, in pieces of any size.
    void feed(std::string_view bytes);

    // How many bytes should be fed next, at most. 0 while other bodies have all of the memory: then
    // next() asks for some again.
    std::size_t wants() const;

    // The next complete request, or nullptr if it has not arrived yet. Throws HttpError if the
    // bytes are not HTTP or pass a limit. After that nothing that follows can be trusted, so the
    // connection has to be closed.
    std::unique_ptr<Request> next();

    // True if a byte has arrived after the last request that was returned.
    bool begun() const { return request_ || position_ < buffer_.size(); }

    // True if a request has begun. Empty lines don't begin one, because a client may send them
    // before a request, and some do after it (RFC 9112 §2.2).
    bool in_request() const { return state_ != State::request_line || position_ < buffer_.size(); }

    // True while a body is being read.
    bool reading_body() const { return state_ >= State::body; }

    // True, once, if the client waits for a word of ours before it sends its body (Expect:
    // 100-continue, RFC 9110 §10.1.1), and the request is fine so far.
    bool take_continue() {
        return reading_body() && wants() > 0 && std::exchange(wants_continue_, false);
    }

    // What has been fed and not been read: it belongs to the protocol that takes over.
    std::string take_rest();

    // Frees the memory of a request that was refused. partial() still has its head.
    void drop_body();

    // The request as far as it has been read, for the log if it fails.
    const Request& partial() const {
        static const Request none;
        return request_ ? *request_ : none;
    }

  private:
    enum class State {
        request_line,
        fields,
        head_complete,
        body,  // from here on a body is being read
        chunk_size,
        chunk,
        chunk_end,
        trailers,
    };

    bool read_head();
    bool read_body();
    void check_body();
    std::size_t held() const;
    bool make_room(std::size_t bytes);
    void reserve_body();
    bool decode_body();
    bool body_is_next() const;
    std::size_t take_into_body(std::string_view bytes);
    bool move_to_body();
    bool skip_trailers();
    std::optional<std::string_view> take_crlf_line(std::size_t limit, int status,
                                                   const char* too_long);
    void parse_chunk_size(std::string_view line);
    std::optional<std::string_view> take_line(std::size_t limit, int status, const char* too_long);
    void parse_request_line(std::string_view line);
    void parse_target(std::string_view target);
    void parse_field(std::string_view line, Headers& headers);
    void check_host();
    void check_framing();

    const Limits& limits_;
    State state_ = State::request_line;
    bool wants_continue_ = false;
    std::unique_ptr<Request> request_;  // the request as known so far; empty between requests
    std::size_t section_bytes_ = 0;     // what counts against limits_.header_section
    std::uint64_t body_left_ = 0;       // bytes of the body, or of its current chunk, still to come

    // What has been fed lies in one buffer, cut in three by two positions, so that no byte is
    // searched twice:
    //     parsed | searched, no line end | not looked at
    //            position_               searched_
    std::string buffer_;
    std::size_t position_ = 0;
    std::size_t searched_ = 0;
};
