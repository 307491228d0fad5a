// A thread that writes what the server prints, because an event loop must never wait: not for the
// 100 ms that write_line() may take, and not for a terminal that was stopped with Ctrl-S.
//
// Lines gather for a moment and go out together, as many as one write() may hold. A write() for
// each line would cost every request a quarter more.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../../common/output.hpp"

class LogWriter {
  public:
    // From here on everything that is printed goes through the writer, until it is destroyed.
    LogWriter();
    ~LogWriter();  // writes what is left
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

  private:
    struct Line {
        Stream stream;
        std::string text;
    };

    void add(Stream stream, std::string_view line);
    void flush();
    void run();
    static std::uint64_t write(const std::vector<Line>& lines, std::uint64_t lost) noexcept;

    std::mutex mutex_;  // guards all below but the thread
    std::vector<Line> lines_;
    std::size_t bytes_ = 0;   // of lines_
    std::uint64_t lost_ = 0;  // lines that were dropped, and not told of yet
    bool writing_ = false;
    enum class Pace { gather, hurry, end } pace_ = Pace::gather;
    std::condition_variable changed_;
    std::condition_variable written_;
    std::thread thread_;
};
