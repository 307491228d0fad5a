// A room: everybody in it gets what is said in it. For use by many threads at once.
// Leaves out: a memory of what was said before somebody came, and names.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>

#include "websocket/client.hpp"

class Room {
  public:
    void join(const std::shared_ptr<WebSocketClient>& client);
    void leave(const std::shared_ptr<WebSocketClient>& client);

    // Sends the text, which must be UTF-8, to everybody, in the same order to all of them. Never
    // waits for anybody: a client that does not read is dropped when its queue passes its limit.
    void broadcast(std::string_view text);

    std::size_t size() const;

  private:
    mutable std::mutex mutex_;
    std::set<std::shared_ptr<WebSocketClient>> clients_;
};
