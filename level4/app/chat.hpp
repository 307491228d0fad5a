// The guestbook, live: whatever is signed by form, by API or in the chat shows up at once in every
// open page, and in every stream of events.
// Leaves out: other processes that share the file of messages. Their messages show on a reload.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "app/message_fields.hpp"
#include "app/message_store.hpp"
#include "engine/worker_pool.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "stream/event_stream.hpp"
#include "websocket/room.hpp"

class Chat {
  public:
    // Store and templates must live longer than the chat, and the chat longer than the server.
    Chat(MessageStore& store, TemplateFolder& templates) : store_(store), templates_(templates) {}

    // /chat, the page; /ws/chat and /ws/echo, the sockets; /api/messages/events, the stream.
    void add_routes(Router& router);

    // Tells everybody about a new message. From any thread.
    void announce(const Message& message);

  private:
    void send_history(const WebSocketHandlers::Client& client);
    bool may_write(const WebSocketHandlers::Client& client);
    void has_written(const WebSocketHandlers::Client& client);
    void take_message(const WebSocketHandlers::Client& client, std::string_view text);
    std::string store(const MessageFields& fields);

    MessageStore& store_;
    TemplateFolder& templates_;
    Room room_;
    EventChannel events_;
    std::mutex mutex_;                                          // guards waiting_
    std::map<WebSocketHandlers::Client, std::size_t> waiting_;  // of each visitor's messages

    // To read or store messages waits for the disk, which must not hold up the loop that a socket
    // is on. One thread, so that what one visitor writes is stored in its order.
    WorkerPool writer_{1};
};
