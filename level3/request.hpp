// A request, and the parser that turns a stream of bytes into requests. TCP keeps no boundaries:
// one request may come in any number of pieces, and many requests may come in one piece. The
// parser takes pieces of any size and never touches the network. It refuses what isn't exactly
// HTTP, because where two programs read the same bytes differently, an attacker slips a request in.
// Leaves out: bodies. It says that one follows (has_body), but does not read it (level 4 does).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "headers.hpp"
#include "limits.hpp"

// The methods that we accept (RFC 9110 §9.3). TRACE and CONNECT are not supported.
constexpr std::array<std::string_view, 7> known_methods{"GET",   "HEAD",   "POST",   "PUT",
                                                        "PATCH", "DELETE", "OPTIONS"};

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
};

class RequestParser {
  public:
    // The limits must outlive the parser.
    explicit RequestParser(const Limits& limits) : limits_(limits) {}

    // More bytes from the client, in pieces of any size.
    void feed(std::string_view bytes);

    // The next complete request, or nullptr if it has not arrived yet. Throws HttpError if the
    // bytes are not HTTP or pass a limit. After that nothing that follows can be trusted, so the
    // connection has to be closed.
    std::unique_ptr<Request> next();

    // True if a byte has arrived after the last request that was returned.
    bool begun() const { return request_ || position_ < buffer_.size(); }

    // True if a request has begun. Empty lines don't begin one, because a client may send them
    // before a request, and some do after it (RFC 9112 §2.2).
    bool in_request() const { return state_ != State::request_line || position_ < buffer_.size(); }

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
    };

    bool read_head();
    std::optional<std::string_view> take_line(std::size_t limit, int status, const char* too_long);
    void parse_request_line(std::string_view line);
    void parse_target(std::string_view target);
    void parse_field(std::string_view line, Headers& headers);
    void check_host();
    void check_framing();

    const Limits& limits_;
    State state_ = State::request_line;
    std::unique_ptr<Request> request_;  // the request as known so far; empty between requests
    std::size_t section_bytes_ = 0;     // what counts against limits_.header_section

    // What has been fed lies in one buffer, cut in three by two positions, so that no byte is
    // searched twice:
    //     parsed | searched, no line end | not looked at
    //            position_               searched_
    std::string buffer_;
    std::size_t position_ = 0;
    std::size_t searched_ = 0;
};
