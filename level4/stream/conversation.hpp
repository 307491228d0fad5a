// One client's conversation as engines drive it. It is an HTTP Connection until the head of a
// response says that another Protocol takes over, and that Protocol from then on. Bytes in, bytes
// out.
//
//     Connection --- 101, or the head of a stream ---> Protocol --> the end
//         '--------------------------------------------------------> the end
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"
#include "connection.hpp"
#include "file.hpp"
#include "stream/protocol.hpp"

class Conversation {
  public:
    // Bytes that a protocol is fed at once. Few, because what it says to each of them may have to
    // wait for the client.
    static constexpr std::size_t largest_piece = 16 * 1024;

    // `number`: the connection's in the trace.
    explicit Conversation(Connection http, int number = 0)
        : http_(std::move(http)), number_(number) {}

    // The calls that connection.hpp describes.
    void feed(std::string_view bytes);
    std::size_t wants() const { return taken_over() ? largest_piece : http_.wants(); }
    void end_of_input();
    std::string take_output(Clock::time_point turn_ends = Clock::time_point::max());
    std::optional<FileSlice> take_file() { return http_.take_file(); }
    bool has_input() const { return !taken_over() && http_.has_input(); }
    bool finished() const { return protocol_ ? protocol_->finished() : http_.finished(); }
    bool ended_by_client() const { return !protocol_ && http_.ended_by_client(); }
    Clock::time_point deadline() const;
    void time_out();
    void stop();

    // For take_job() and resume(), which a Protocol doesn't have.
    Connection& http() { return http_; }
    bool with_worker() const { return http_.with_worker(); }

    // True once a protocol is to take over. It speaks by itself, so it needs a way to wake the
    // engine: set that before the next take_output().
    bool taken_over() const { return protocol_ || http_.has_protocol(); }
    void on_wake(std::function<void()> wake) {
        wake_ = std::make_unique<std::function<void()>>(std::move(wake));
    }

    // How many bytes in 10 s a client must take. Any progress will do for a stream or a WebSocket,
    // which may have little to say, and bound what waits for a client.
    std::size_t slowest_bytes(const Limits& limits) const {
        return taken_over() ? 1 : limits.slowest_bytes;
    }

    // Close the connection now, whatever is still to be sent.
    bool dropped() const { return protocol_ && protocol_->dropped(); }

  private:
    void start_protocol();

    Connection http_;
    const int number_;
    bool stopping_ = false;
    std::shared_ptr<Protocol> protocol_;           // empty until it has taken over
    std::unique_ptr<std::function<void()>> wake_;  // a pointer, because few clients need it
};
