// See room.hpp. The room is locked while a message is handed out, which is what makes the order the
// same for all. That costs little, because an outbox takes a pointer and no client is waited for.
#include "stream/room.hpp"

#include <utility>

void Room::join(std::shared_ptr<Outbox> client) {
    const std::lock_guard lock(mutex_);
    clients_.insert(std::move(client));
}

void Room::leave(const std::shared_ptr<Outbox>& client) {
    const std::lock_guard lock(mutex_);
    clients_.erase(client);
}

void Room::broadcast(const SharedMessage& message) {
    const std::lock_guard lock(mutex_);
    std::erase_if(clients_, [&](const auto& client) { return !client->send(message); });
}

std::size_t Room::size() const {
    const std::lock_guard lock(mutex_);
    return clients_.size();
}
