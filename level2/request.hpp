// A request, and the parser that makes requests of a stream of bytes. TCP keeps no message borders:
// the bytes of one request may come in any number of pieces, or those of many requests in one. The
// parser takes pieces of any size, never touches the network, and refuses whatever is not exactly
// HTTP: where two programs read the same bytes differently, an attacker slips a request in between.
// Leaves out: bodies. It says that one follows (has_body), but does not read it (level 4 does).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "headers.hpp"
#include "limits.hpp"

// That a request may have; TRACE and CONNECT are none of ours (RFC 9110 §9.3).
constexpr std::array<std::string_view, 7> known_methods{"GET",   "HEAD",   "POST",   "PUT",
                                                        "PATCH", "DELETE", "OPTIONS"};

struct Request {
    std::string line;     // the request line as received, for the log
    std::string method;   // GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS
    std::string target;   // /hello?name=Ada, as received
    std::string version;  // HTTP/1.1, as received
    std::string path;     // /hello, percent-decoded: any byte may be in it
    std::string query;    // name=Ada, still encoded: see query_value()
    Headers headers;

    std::uint64_t content_length = 0;
    bool chunked = false;
    bool has_body() const { return chunked || content_length > 0; }
};

// What the client did wrong. `status` is the reply; what() explains it to a person.
struct HttpError : std::runtime_error {
    HttpError(int status_code, const std::string& explanation)
        : std::runtime_error(explanation), status(status_code) {}
    int status;
};

class RequestParser {
  public:
    // The limits must live longer than the parser.
    explicit RequestParser(const Limits& limits) : limits_(limits) {}

    // More bytes from the client, in pieces of any size.
    void feed(std::string_view bytes);

    // The next complete request, or nothing yet. Throws HttpError if the bytes are not HTTP or pass
    // a limit; then nothing that follows can be trusted, and the connection has to be closed.
    std::optional<Request> next();

    // True if a byte has arrived that belongs to no request returned so far.
    bool begun() const { return begun_; }

    // The same, but empty lines do not count: a client may send them before a request (RFC 9112
    // §2.2), and some do after one, so they ask for no reply.
    bool in_request() const { return state_ != State::request_line || position_ < buffer_.size(); }

    // The request that is being read, as far as it is known: for the log when it fails.
    const Request& partial() const { return request_; }

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
    Request request_;                // what is known of the request so far
    std::string authority_;          // of a target in absolute form; it replaces the Host field
    std::size_t section_bytes_ = 0;  // what counts against limits_.header_section
    bool begun_ = false;

    std::string buffer_;        // what has been fed
    std::size_t position_ = 0;  // where the part begins that is not yet parsed
    std::size_t searched_ = 0;  // up to here there is no line end: never search a byte twice
};
