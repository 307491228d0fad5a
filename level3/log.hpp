// The access log: a line on standard output for each request.
//     02:31:07 127.0.0.1 "GET /about HTTP/1.1" 200 512 0.3ms
// The local time of day, the client, the request line, the status, the bytes of the body, and the
// time from request to reply; after an error also the reason.
// Leaves out: files, rotation, other formats. The shell has those: ./server > access.log
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

struct LogEntry {
    std::string_view peer;
    std::string_view request_line;
    int status;
    std::uint64_t body_bytes;
    std::chrono::nanoseconds time;
    std::string_view reason;  // of an error; empty otherwise
};

class AccessLog {
  public:
    // In colour if standard output is a terminal, unless the environment has NO_COLOR.
    AccessLog();

    // May be called from any thread. Control characters that come from the client are spelled out,
    // and a backslash stands before the quotes and backslashes of its request line.
    void add(const LogEntry& entry) const;

  private:
    bool coloured_;
};
