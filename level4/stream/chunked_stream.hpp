// A protocol around another one, whose output it cuts into chunks, because the length of a stream
// isn't known when its head is sent (RFC 9112 §7.1).
// Leaves out: chunk extensions and trailers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "stream/protocol.hpp"

class ChunkedStream : public Protocol {
  public:
    explicit ChunkedStream(std::shared_ptr<Protocol> stream) : stream_(std::move(stream)) {}

    // Each piece of output is a chunk; a chunk of size 0 ends the stream.
    std::string take_output() override;

    void trace_as(int connection) override { stream_->trace_as(connection); }
    void open(std::function<void()> wake) override { stream_->open(std::move(wake)); }
    void feed(std::string_view bytes) override { stream_->feed(bytes); }
    void end_of_input() override { stream_->end_of_input(); }
    bool finished() const override { return stream_->finished(); }
    bool dropped() const override { return stream_->dropped(); }
    Clock::time_point deadline() const override { return stream_->deadline(); }
    void time_out() override { stream_->time_out(); }
    void stop() override { stream_->stop(); }

  private:
    std::shared_ptr<Protocol> stream_;
    bool last_chunk_sent_ = false;
};
