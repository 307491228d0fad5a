// See log_writer.hpp.
#include "engine/log_writer.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "engine/start_thread.hpp"

namespace {

constexpr std::size_t most_waiting = 1 << 20;  // bytes; past it lines are dropped, and counted
constexpr std::size_t longest_block = longest_line - 64;  // write_line() may have a note to add
constexpr std::chrono::milliseconds gathering{50};
constexpr std::chrono::seconds longest_flush{1};  // a terminal may be stopped for ever

}  // namespace

LogWriter::LogWriter() : thread_(start_thread([this] { run(); })) {
    set_output(
        {[this](Stream stream, std::string_view line) { add(stream, line); }, [this] { flush(); }});
}

LogWriter::~LogWriter() {
    set_output({});
    {
        const std::lock_guard lock(mutex_);
        pace_ = Pace::end;
    }
    changed_.notify_one();
    thread_.join();
}

void LogWriter::add(Stream stream, std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (bytes_ + line.size() > most_waiting) {
        ++lost_;
        return;
    }
    if (lines_.empty()) changed_.notify_one();
    lines_.push_back({stream, std::string(line)});
    bytes_ += line.size();
}

void LogWriter::flush() {
    std::unique_lock lock(mutex_);
    pace_ = Pace::hurry;
    changed_.notify_one();
    written_.wait_for(lock, longest_flush, [this] { return lines_.empty() && !writing_; });
    pace_ = Pace::gather;
}

void LogWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return pace_ == Pace::end || !lines_.empty(); });
        if (lines_.empty()) return;  // the end has come, and all is written
        changed_.wait_for(lock, gathering, [this] { return pace_ != Pace::gather; });
        bytes_ = 0;
        const auto lines = std::exchange(lines_, {});
        const auto lost = std::exchange(lost_, 0);
        writing_ = true;
        lock.unlock();
        const auto still_lost = write(lines, lost);
        lock.lock();
        lost_ += still_lost;
        writing_ = false;
        if (lines_.empty()) written_.notify_all();
    }
}

// Joins neighbours that go to the same stream and fit into one write(), and then says how many lines
// were lost before. Returns how many are left to be told of, because memory ran out on the way.
std::uint64_t LogWriter::write(const std::vector<Line>& lines, std::uint64_t lost) noexcept {
    std::size_t written = 0;
    try {
        std::string block;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            block += lines[i].text;
            const bool joins = i + 1 < lines.size() && lines[i + 1].stream == lines[i].stream &&
                               block.size() + lines[i + 1].text.size() <= longest_block;
            if (joins) {
                block += '\n';
                continue;
            }
            write_line(lines[i].stream, block);
            block.clear();
            written = i + 1;
        }
        if (lost > 0) write_line(Stream::error, "(" + std::to_string(lost) + " lines were lost)");
        return 0;
    } catch (const std::exception&) {
        return lost + lines.size() - written;
    }
}
