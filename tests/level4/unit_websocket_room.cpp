// WebSocket clients in a room: sending from other threads, clients that don't read, and when the
// engine is woken.
#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stream/room.hpp"
#include "unit_websocket_frames.hpp"
#include "websocket/websocket.hpp"

namespace {

// A client in a room, which sends on to the room what it is told.
struct Guest {
    explicit Guest(Room& room, std::size_t queue = 1024 * 1024)
        : socket(handlers(room), limits(queue)) {
        socket.open([this] { ++wakes; });
    }

    static WebSocketLimits limits(std::size_t queue) {
        WebSocketLimits result;
        result.queue = queue;
        return result;
    }

    WebSocketHandlers handlers(Room& room) {
        return {
            [this, &room](const auto& opened) {
                client = opened;
                room.join(opened);
            },
            [&room](const auto&, std::string_view message, bool) {
                room.broadcast(text_message(message));
            },
            [this, &room](const auto& leaving, std::uint16_t code, std::string_view) {
                room.leave(leaving);
                closed_with = code;
            },
        };
    }

    std::string heard() { return describe(drain(socket)); }

    std::atomic<int> wakes = 0;
    int closed_with = 0;
    std::shared_ptr<WebSocketClient> client;
    WebSocket socket;
};

// Does in a thread of its own what an engine does for one client: sleeps until it is woken, and
// then takes all output.
class Listener {
  public:
    // Returns when it is in the room.
    void start(Room& room) {
        thread_ = std::thread([this, &room] { listen(room); });
        while (!joined_) std::this_thread::yield();
    }
    // Everything that it has heard, up to the message "end".
    const std::string& wait_for_end() {
        thread_.join();
        return heard_;
    }

  private:
    void listen(Room& room) {
        WebSocketHandlers handlers;
        handlers.on_open = [&](const auto& client) { room.join(client); };
        handlers.on_close = [&](const auto& client, auto, auto) { room.leave(client); };
        WebSocket socket(handlers);
        socket.open([this] {
            const std::lock_guard lock(mutex_);
            awake_ = true;
            woken_.notify_one();
        });
        joined_ = true;
        const std::string last = std::string("\x81\x03") + "end";
        while (!heard_.ends_with(last)) {
            const std::string output = drain(socket);
            heard_ += output;
            if (!output.empty()) continue;
            std::unique_lock lock(mutex_);
            woken_.wait(lock, [this] { return awake_; });
            awake_ = false;
        }
    }

    std::mutex mutex_;  // guards awake_
    std::condition_variable woken_;
    bool awake_ = false;
    std::atomic<bool> joined_ = false;
    std::string heard_;  // only for the thread, as long as it runs
    std::thread thread_;
};

}  // namespace

TEST_CASE("all clients in a room get what one of them says, in the same order, until they leave") {
    Room room;
    Guest ada(room);
    Guest bob(room);
    CHECK(room.size() == 2);
    ada.socket.feed(client::text("hello"));
    bob.socket.feed(client::text("hi"));
    CHECK(ada.heard() == "text(hello) text(hi)");
    CHECK(bob.heard() == "text(hello) text(hi)");
    room.join(ada.client);  // a second time changes nothing
    CHECK(room.size() == 2);
    {
        Guest eve(room);
        CHECK(room.size() == 3);
        ada.socket.feed(client::close(1000));
        CHECK(ada.heard() == "close(1000)");
        CHECK(room.size() == 2);
        bob.socket.feed(client::text("who is left?"));
        CHECK(ada.heard() == "");
        CHECK(eve.heard() == "text(who is left?)");
    }
    CHECK(room.size() == 1);
}

TEST_CASE("a client that doesn't read is dropped when its queue is full, and others miss nothing") {
    Room room;
    Guest reader(room);
    Guest sleeper(room, 10'000);
    const std::string message(1000, '*');
    std::size_t heard = 0;
    for (int i = 0; i < 50; ++i) {
        room.broadcast(text_message(message));
        if (reader.heard() == "text(1000)") ++heard;
    }
    CHECK(heard == 50);
    CHECK(room.size() == 1);
    CHECK(sleeper.socket.finished());
    CHECK(sleeper.socket.dropped());
    CHECK(sleeper.wakes == 1);  // to be dropped
    CHECK(sleeper.socket.take_output() == "");
    CHECK(sleeper.closed_with == 1006);
    CHECK_FALSE(sleeper.client->send_text("hello?"));
    CHECK_FALSE(reader.socket.finished());
}

TEST_CASE("a queue can also be filled by empty messages") {
    Room room;
    Guest sleeper(room);
    int sent = 0;
    while (sent < 1'000'000 && sleeper.client->send_text("")) ++sent;
    CHECK(sent > 1000);
    CHECK(sent < 100'000);
}

TEST_CASE("a queue has room again when the client has read") {
    Room room;
    Guest guest(room, 10'000);
    for (int i = 0; i < 100; ++i) {
        for (int k = 0; k < 5; ++k) CHECK(guest.client->send_binary(std::string(1000, '*')));
        drain(guest.socket);
    }
    CHECK_FALSE(guest.socket.dropped());
}

TEST_CASE("output comes in batches, so that little of it waits outside the queue") {
    Room room;
    Guest guest(room);
    for (int i = 0; i < 100; ++i) guest.client->send_binary(std::string(8000, '*'));
    const std::string first = guest.socket.take_output();
    CHECK(first.size() >= 64 * 1024);
    CHECK(first.size() < 80 * 1024);
    CHECK(first.size() + drain(guest.socket).size() == 100 * 8004);
}

TEST_CASE("the engine is woken once, and only after it has found nothing to send") {
    Room room;
    Guest guest(room);
    guest.client->send_text("the engine will look in any case");
    CHECK(guest.wakes == 0);
    drain(guest.socket);
    guest.client->send_text("a");
    guest.client->send_text("b");
    CHECK(guest.wakes == 1);
    CHECK_FALSE(guest.socket.take_output().empty());
    guest.client->send_text("the engine sends, and comes back for more");
    CHECK(guest.wakes == 1);
    drain(guest.socket);

    guest.socket.feed(client::text("c"));  // the engine brings this itself, and will look
    guest.client->send_text("d");
    CHECK(guest.wakes == 1);
    CHECK(guest.heard() == "text(c) text(d)");
    guest.client->close(1000, "bye");
    CHECK(guest.wakes == 2);
    CHECK(guest.heard() == "close(1000)");
}

TEST_CASE(
    "many threads talk in a room while clients come and go, and no listener misses a message") {
    constexpr int speakers = 4;
    constexpr int messages = 500;
    Room room;

    std::vector<Listener> listeners(3);
    for (auto& listener : listeners) listener.start(room);

    std::vector<std::thread> threads;
    for (int speaker = 0; speaker < speakers; ++speaker) {
        threads.emplace_back([&room, speaker] {
            for (int i = 0; i < messages; ++i) {
                room.broadcast(text_message(std::to_string(speaker) + ":" + std::to_string(i)));
            }
        });
    }
    threads.emplace_back([&room] {  // clients that come and go, and don't read
        for (int i = 0; i < 200; ++i) {
            Guest passer_by(room, 1000);
            passer_by.client->send_text("hello");
        }
    });
    for (auto& thread : threads) thread.join();
    room.broadcast(text_message("end"));

    const std::string first = listeners[0].wait_for_end();
    for (std::size_t i = 1; i < listeners.size(); ++i) {
        CHECK(listeners[i].wait_for_end() == first);  // also in the same order
    }
    CHECK(room.size() == 0);
    const std::string heard = describe(first);
    for (int speaker = 0; speaker < speakers; ++speaker) {
        std::size_t position = 0;
        for (int i = 0; i < messages; ++i) {
            const std::string message =
                "text(" + std::to_string(speaker) + ":" + std::to_string(i) + ")";
            position = heard.find(message, position);
            REQUIRE(position != std::string::npos);
        }
    }
}
