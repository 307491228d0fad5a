// The guestbook, live: a message that is written by the form, by the API or in the chat appears at
// once in every open chat page, and in every stream of events.
// Leaves out: messages that another process writes to the same file. They appear on a reload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/message_fields.hpp"
#include "app/message_store.hpp"
#include "engine/worker_pool.hpp"
#include "middleware/rate_limit.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "stream/event_stream.hpp"
#include "stream/room.hpp"
#include "websocket/websocket.hpp"

class Chat {
  public:
    // Store, templates and limiter must outlive the chat, and the chat must outlive the server.
    Chat(MessageStore& store, TemplateFolder& templates, RateLimiter& limiter)
        : store_(store), templates_(templates), limiter_(limiter) {}

    // /chat, the page; /ws/chat and /ws/echo, the sockets; /api/messages/events, the stream.
    void add_routes(Router& router);

    // Shows a new message to all clients that are connected. From any thread.
    void announce(const Message& message);

  private:
    using Client = WebSocketHandlers::Client;

    WebSocketHandlers handlers();
    Response subscribe(const Request& request);
    std::vector<Event> events_since(std::int64_t id);
    void welcome(const Client& client);
    void send_history(const Client& client);
    void take_message(const Client& client, std::string_view text);
    bool may_write(const Client& client);
    void has_written(const Client& client);
    std::string save(const MessageFields& fields);

    MessageStore& store_;
    TemplateFolder& templates_;
    RateLimiter& limiter_;
    Room room_;
    EventChannel events_;
    std::mutex mutex_;                       // guards waiting_
    std::map<Client, std::size_t> waiting_;  // how many messages of each client wait to be saved

    // Reading and saving messages waits for the disk, which must not hold up the event loop that a
    // socket is on. There is one thread, so that a client's messages are saved in their order.
    WorkerPool writer_{1};
};
