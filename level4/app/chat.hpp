// The guestbook, live: a message that is written by the form, by the API or in the chat appears at
// once in every open chat page, and in every stream of events.
// Leaves out: watching for messages that another process writes to the same file. They appear with
// the next one of ours, or when a client joins.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/message_fields.hpp"
#include "app/message_store.hpp"
#include "body/body_budget.hpp"
#include "engine/worker_pool.hpp"
#include "middleware/rate_limit.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "stream/event_stream.hpp"
#include "stream/outbox.hpp"
#include "stream/room.hpp"
#include "websocket/websocket.hpp"

class Chat {
  public:
    // All of these must outlive the chat, and the chat must outlive the server. `bodies` is the
    // memory that the sockets' messages share with all bodies.
    Chat(MessageStore& store, TemplateFolder& templates, RateLimiter& limiter, BodyBudget& bodies)
        : store_(store), templates_(templates), limiter_(limiter) {
        socket_limits_.bodies = &bodies;
        socket_limits_.queue = most_waiting_bytes;
        for (const auto& last : store.newest(0, 1)) announced_ = last.id;
    }

    ~Chat() { ends_ = true; }
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;

    // /chat, the page; /ws/chat and /ws/echo, the sockets; /api/messages/events, the stream.
    void add_routes(Router& router);

    // Shows new messages to all clients that are connected, in the order of their ids. Call it after
    // each message that is added to the store. From any thread. If the messages can't be read, it
    // says so on standard error, and is done again a second later.
    void announce();

  private:
    using Client = WebSocketHandlers::Client;

    // Bytes that may wait for a client. There is room for a thousand messages that are written at
    // the same time, unless most of them are very long. All clients share them, so this isn't memory
    // that each one takes.
    static constexpr std::size_t most_waiting_bytes = 2 << 20;

    // A client that doesn't hear what is announced yet, because it is being told of older messages.
    struct Latecomer {
        std::shared_ptr<Outbox> client;
        std::weak_ptr<WorkerPool::Line> line;  // goes when the client does
        std::function<void(const Event&)> tell;
        std::function<void()> join;  // its room
        // The id of the last message that it knows of; nothing if it knows none, and is to be told
        // of some of the newest, and of all that were announced since it came.
        std::optional<std::int64_t> told;
        std::int64_t announced_before = 0;  // the id of the last one when it came
    };

    WebSocketHandlers handlers();
    Response subscribe(const Request& request);
    void announce_new();
    void announce_later();
    std::vector<Event> written_after(std::int64_t id);
    std::int64_t id_before_newest(std::size_t count);
    void bring_up_to_date(Latecomer latecomer);
    void read_for(Latecomer latecomer);
    void welcome(const Client& client);
    void take_message(const Client& client, std::string_view text);
    std::string take_place(const Client& client);
    void give_place_back(const Client& client);
    void submit(const Client& client, std::function<void()> work);
    void leave(const Client& client, std::uint16_t code);
    std::string save(const MessageFields& fields);

    MessageStore& store_;
    TemplateFolder& templates_;
    RateLimiter& limiter_;
    WebSocketLimits socket_limits_;
    Room room_;
    EventChannel events_{most_waiting_bytes};
    std::mutex announcing_;  // makes announcing and joining one step each
    // The id of the last message that all have been told of. It changes only under announcing_.
    std::atomic<std::int64_t> announced_ = 0;
    std::atomic<bool> announces_later_ = false;  // a second from now
    std::atomic<bool> ends_ = false;
    const std::shared_ptr<WorkerPool::Line> later_ = std::make_shared<WorkerPool::Line>();

    // The disk work that a client waits for. It is dropped when the client goes. If it said
    // goodbye, its messages are still saved, unless too many such messages wait.
    struct Member {
        std::shared_ptr<WorkerPool::Line> to_read = std::make_shared<WorkerPool::Line>();
        std::shared_ptr<WorkerPool::Line> to_write = std::make_shared<WorkerPool::Line>();
        std::size_t waiting = 0;  // messages that wait to be saved
    };
    std::mutex mutex_;  // guards what follows
    std::map<Client, Member> members_;
    std::size_t waiting_ = 0;                // messages of all members that wait
    std::list<Member> goodbyes_;             // those that left before all was saved, oldest first
    std::size_t waiting_since_goodbye_ = 0;  // messages of those

    // Reading and saving messages waits for the disk, which must not hold up the event loop that a
    // socket is on. One thread saves, so that all see the messages in the order of their ids.
    // Another one reads, because saving may wait for another process, and reading never does.
    WorkerPool writer_{1};
    WorkerPool reader_{1};
};
