// The access log: a line for every request on standard output.
//     127.0.0.1 "GET /about HTTP/1.1" 200 512 0.3ms
// who asked, for what, the status, the bytes of the body, and the time from request to reply.
// Leaves out: files, rotation, formats to choose from. The shell has those: ./server > access.log
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

// A write() for every line would cost each request a quarter more. So lines gather in a buffer, and
// a thread writes them out 20 times a second at most: soon enough for a person who watches.
class AccessLog {
  public:
    AccessLog();
    ~AccessLog();  // writes out what is left

    // May be called from any thread. Control characters in the request line are spelled out,
    // and a backslash stands before its quotes and backslashes.
    void add(std::string_view peer, std::string_view request_line, int status,
             std::uint64_t body_bytes, std::chrono::nanoseconds time);

    // Writes out everything added so far.
    void flush();

  private:
    void run();

    bool coloured_;
    std::mutex mutex_;  // guards the three below
    std::string buffer_;
    std::uint64_t lost_lines_ = 0;
    bool ending_ = false;
    std::condition_variable changed_;
    std::mutex writing_;  // held while writing, so that blocks stay in order
    std::thread writer_;
};
