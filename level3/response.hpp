// A response, and how it becomes bytes.
// Leaves out: bodies whose length is not known beforehand (level 4).
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "file.hpp"
#include "headers.hpp"

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
    std::string problem = {};  // what went wrong, in words; error() sets it, and the log shows it
    std::optional<FileSlice> file = {};  // sent instead of `body`: for files too large to copy

    std::uint64_t body_size() const { return file ? file->length : body.size(); }

    // The kinds of reply that a handler needs most.
    static Response html(std::string body, int status = 200);
    static Response text(std::string body, int status = 200);
    static Response json(std::string body, int status = 200);
    // Sends the browser to another address. 303 answers a POST: the browser asks for the new page
    // by GET, so reloading that page posts nothing again. 301 says that the address has changed for
    // good.
    static Response redirect(std::string_view location, int status = 303);
    // Says what went wrong. `explanation` is text. The page comes later: see add_error_page().
    static Response error(int status, std::string_view explanation);
};

// Gives an error its page, which shows the request that it answers. A response that has a body, or
// isn't an error, is left as it is.
void add_error_page(Response& response, std::string_view request_line);

// "Not Found" for 404 (RFC 9110 §15).
std::string_view reason_phrase(int status);

// A point in time in the only form that HTTP writes: Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110
// §5.6.7).
std::string http_date(std::time_t time);

// Appends the response, as it goes over the wire, to `output`. It adds the fields that every
// response has, Content-Length among them, so no handler can get it wrong. Without `with_body` it
// leaves out the body: the reply to HEAD (RFC 9110 §9.3.2). The connection is kept for as long as
// its client may be idle, or closed if no such time is given.
void serialize(const Response& response, bool with_body, std::string& output,
               std::optional<std::chrono::seconds> idle_limit = std::nullopt);
