// A room: see room.hpp. Its lock is held while a message is handed out, which is what makes the
// order the same for all. That costs little: a queue takes a pointer, nobody is waited for.
#include "websocket/room.hpp"

#include <mutex>
#include <string>

#include "websocket/frame.hpp"

void Room::join(const std::shared_ptr<WebSocketClient>& client) {
    const std::lock_guard lock(mutex_);
    clients_.insert(client);
}

void Room::leave(const std::shared_ptr<WebSocketClient>& client) {
    const std::lock_guard lock(mutex_);
    clients_.erase(client);
}

void Room::broadcast(std::string_view text) {
    // Made once for everybody, however many there are.
    const auto frame = std::make_shared<const std::string>(make_frame(Opcode::text, text));
    const std::lock_guard lock(mutex_);
    std::erase_if(clients_, [&](const auto& client) { return !client->send(frame); });
}

std::size_t Room::size() const {
    const std::lock_guard lock(mutex_);
    return clients_.size();
}
