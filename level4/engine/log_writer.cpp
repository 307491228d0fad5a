// See log_writer.hpp.
#include "engine/log_writer.hpp"

#include <chrono>
#include <utility>

#include "engine/start_thread.hpp"

namespace {

constexpr std::size_t most_waiting = 1 << 20;  // bytes; past it lines are dropped, and counted
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
        changed_.wait_for(lock, gathering, [this] { return pace_ != Pace::gather; });
        if (lines_.empty()) return;
        if (lost_ > 0) {
            lines_.push_back({Stream::error, "(" + std::to_string(lost_) + " lines were lost)"});
        }
        lost_ = 0;
        bytes_ = 0;
        const auto lines = std::exchange(lines_, {});
        writing_ = true;
        lock.unlock();
        write(lines);
        lock.lock();
        writing_ = false;
        if (lines_.empty()) written_.notify_all();
    }
}

// Joins neighbours that go to the same stream and fit into one write().
void LogWriter::write(const std::vector<Line>& lines) {
    std::string block;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        block += lines[i].text;
        const bool joins = i + 1 < lines.size() && lines[i + 1].stream == lines[i].stream &&
                           block.size() + lines[i + 1].text.size() + 2 <= longest_line;
        if (joins) {
            block += '\n';
        } else {
            write_line(lines[i].stream, block);
            block.clear();
        }
    }
}
