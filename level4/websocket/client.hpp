// The client of a WebSocket as the application sees it: somebody to whom messages can be sent, from
// any thread, at any time, even after the connection is gone. Nothing here ever waits for the
// client: messages go into its queue, and the engine fetches them from there.
// Leaves out: waiting until a message has been sent, and knowing whether it has arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "websocket/frame.hpp"

// A frame as it goes over the wire. Shared, because the same one may stand in many queues.
using SharedFrame = std::shared_ptr<const std::string>;

class WebSocketClient {
  public:
    // Text must be UTF-8: a browser ends the conversation over one wrong byte. False if the client
    // is gone or does not read what it gets: then the message will never be sent.
    bool send_text(std::string_view text);
    bool send_binary(std::string_view bytes);
    bool send(SharedFrame frame);  // made by make_frame(); see Room

    // Says goodbye after what has been sent so far. Throws std::invalid_argument if nobody may send
    // this code (is_close_code() in frame.hpp). Does nothing if the goodbye has been said already.
    void close(std::uint16_t code = close_code::normal, std::string_view reason = {});

  private:
    // The other end of the queue belongs to the connection.
    friend class WebSocket;
    explicit WebSocketClient(std::size_t limit) : limit_(limit) {}

    void set_wake(std::function<void()> wake);
    void keep_awake();  // no wake is needed until append_output() has found nothing
    // Moves whole frames from the queue to `output` until that has at least `batch` bytes. True if
    // the goodbye has been among them, now or earlier.
    bool append_output(std::string& output, std::size_t batch);
    // The close frame is the last one that is sent.
    void end(SharedFrame close_frame);
    // From now on nothing at all is sent, and nobody is woken.
    void discard();
    bool closed() const;
    bool overflowed() const;
    void add(SharedFrame frame);

    const std::size_t limit_;   // of queued_
    mutable std::mutex mutex_;  // guards all that follows
    std::vector<SharedFrame> queue_;
    std::size_t queued_ = 0;   // what the queue costs, in bytes
    bool closed_ = false;      // nothing may be sent any more
    bool overflowed_ = false;  // because the client did not read
    bool awake_ = true;        // the engine will look into the queue by itself
    std::function<void()> wake_;
};
