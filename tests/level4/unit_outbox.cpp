// What waits to be sent to one client: its order, its bounds, its end, and when the engine is
// woken.
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "stream/outbox.hpp"
#include "stream/room.hpp"

namespace {

// An outbox for about ten messages of 100 bytes, and an engine that counts how often it is woken.
struct Box {
    Box() {
        outbox->set_wake([this] { ++wakes; });
    }
    ~Box() { outbox->discard(); }
    Box(const Box&) = delete;
    Box& operator=(const Box&) = delete;

    bool send(const std::string& message) { return outbox->send(share(message)); }
    std::string take(std::size_t batch = 1000) {
        std::string output;
        ended = outbox->take(output, batch);
        return output;
    }
    // Takes until there is nothing left, as an engine does.
    std::string drain() {
        std::string all;
        for (std::string piece = take(); !piece.empty(); piece = take()) all += piece;
        return all;
    }

    std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>(10 * 164);
    int wakes = 0;
    bool ended = false;  // as the latest take() said
};

const std::string hundred(100, 'x');

}  // namespace

TEST_CASE("an outbox gives whole messages in their order, and stops once the batch is reached") {
    Box box;
    for (const char* message : {"one ", "two ", "three ", "four"}) CHECK(box.send(message));
    CHECK(box.take(5) == "one two ");
    std::string output = "pong ";  // what is there already counts
    box.outbox->take(output, 5);
    CHECK(output == "pong ");
    CHECK(box.take() == "three four");
    CHECK(box.take().empty());
    CHECK_FALSE(box.ended);
}

TEST_CASE("an outbox wakes its engine for the first message after it was found empty, only") {
    Box box;
    box.send("the engine looks into a new outbox without being woken");
    CHECK(box.wakes == 0);
    box.drain();
    box.send("a");
    box.send("b");
    CHECK(box.wakes == 1);
    CHECK(box.take() == "ab");
    box.send("the engine has found something, so it will come again");
    CHECK(box.wakes == 1);
    box.drain();
    box.outbox->keep_awake();
    box.send("c");
    CHECK(box.wakes == 1);
    box.drain();
    box.outbox->send_last(share("d"));
    CHECK(box.wakes == 2);
}

TEST_CASE("a full outbox drops its client: it throws everything away, and wakes the engine") {
    Box box;
    for (int i = 0; i < 10; ++i) CHECK(box.send(hundred));
    CHECK_FALSE(box.outbox->overflowed());
    CHECK_FALSE(box.send(hundred));
    CHECK(box.wakes ==
          1);  // although the engine is awake, because it may be waiting for the client
    CHECK(box.outbox->overflowed());
    CHECK_FALSE(box.outbox->is_open());
    CHECK_FALSE(box.send("a small one"));
    box.outbox->send_last(share("good bye"));
    CHECK(box.take().empty());
    CHECK_FALSE(box.ended);
    CHECK(box.wakes == 1);
}

TEST_CASE("a client may be dropped, as by a full outbox") {
    Box box;
    box.send("one");
    box.outbox->drop();
    CHECK(box.wakes == 1);
    CHECK(box.outbox->overflowed());
    CHECK(box.take().empty());
}

TEST_CASE("if there is no memory to wake an engine by, the next message does") {
    Outbox outbox(1000);
    std::string output;
    outbox.take(output, 1);  // from now on it sleeps
    int calls = 0;
    outbox.set_wake([&] {
        if (++calls == 1) throw std::bad_alloc();
    });
    CHECK(outbox.send(share("one ")));
    CHECK(outbox.send(share("two")));
    CHECK(calls == 2);
    outbox.take(output, 1000);
    CHECK(output == "one two");
    outbox.discard();
}

TEST_CASE("an outbox that is read never fills up") {
    Box box;
    for (int i = 0; i < 100; ++i) {
        for (int k = 0; k < 9; ++k) CHECK(box.send(hundred));
        CHECK(box.take(500).size() == 500);
        CHECK(box.drain().size() == 400);
    }
}

TEST_CASE("there is always room for the last message, and nothing comes after it") {
    Box box;
    for (int i = 0; i < 10; ++i) CHECK(box.send(hundred));
    box.outbox->send_last(share("good bye"));
    CHECK_FALSE(box.outbox->is_open());
    CHECK_FALSE(box.outbox->overflowed());
    CHECK_FALSE(box.send("too late"));
    box.outbox->send_last(share("good bye again"));
    CHECK(box.take(1000).size() == 1000);
    CHECK_FALSE(box.ended);
    CHECK(box.take() == "good bye");
    CHECK(box.ended);
    CHECK(box.take().empty());
    CHECK(box.ended);
}

TEST_CASE("an outbox holds 4096 messages at most, however short they are") {
    Outbox outbox(100 << 20);
    for (std::size_t i = 0; i < Outbox::most_messages; ++i) REQUIRE(outbox.send(share("")));
    CHECK_FALSE(outbox.send(share("")));
    CHECK(outbox.overflowed());
    CHECK(Outbox::most_messages == 4096);
}

TEST_CASE("what is to be done when an outbox is empty waits until all has been sent, and once") {
    Box box;
    int done = 0;
    box.send("a");
    box.outbox->when_empty([&] {
        ++done;
        box.send("more");
    });
    CHECK(box.take() == "a");
    CHECK(done == 0);
    CHECK(box.take().empty());  // the engine asks again when "a" has been sent
    CHECK(done == 1);
    CHECK(box.wakes == 1);  // for what was sent meanwhile
    CHECK(box.drain() == "more");
    CHECK(done == 1);
}

TEST_CASE("an engine that is asleep is woken to find that its outbox is empty") {
    Box box;
    box.drain();
    int done = 0;
    box.outbox->when_empty([&] { ++done; });
    CHECK(done == 0);  // not in the thread that asks for it
    CHECK(box.wakes == 1);
    CHECK(box.take().empty());
    CHECK(done == 1);
}

TEST_CASE("what waits for an outbox to be empty goes with it") {
    Outbox outbox(1000);
    const auto kept = std::make_shared<int>();
    outbox.when_empty([kept] { FAIL("done after the end"); });
    outbox.discard();
    CHECK(kept.use_count() == 1);
    outbox.when_empty([kept] { FAIL("done after the end"); });
    CHECK(kept.use_count() == 1);
    std::string output;
    outbox.take(output, 1000);
}

TEST_CASE("a discarded outbox gives nothing, takes nothing, and keeps nothing of its engine") {
    Outbox outbox(1000);
    const auto engine = std::make_shared<int>();
    outbox.set_wake([engine] { FAIL("woken after the end"); });
    std::string output;
    outbox.take(output, 1000);
    outbox.discard();
    CHECK(engine.use_count() == 1);
    CHECK_FALSE(outbox.send(share("a")));
    outbox.send_last(share("b"));
    CHECK_FALSE(outbox.take(output, 1000));
    CHECK(output.empty());
    CHECK_FALSE(outbox.is_open());
    CHECK_FALSE(outbox.overflowed());
}

TEST_CASE("after discard() no wake is under way, whatever other threads send") {
    for (int round = 0; round < 200; ++round) {
        Outbox outbox(1 << 20);
        auto engine = std::make_unique<std::atomic<int>>(0);
        outbox.set_wake([&engine] { ++*engine; });
        std::atomic<bool> sending = false;
        std::thread sender([&] {
            while (outbox.send(share("message"))) sending = true;
        });
        while (!sending) std::this_thread::yield();
        for (int i = 0; i < 10; ++i) {  // each time it finds nothing, the next message wakes it
            std::string output;
            outbox.take(output, 1 << 20);
        }
        outbox.discard();
        engine.reset();  // a wake from now on would be a crash, or a report of a sanitizer
        sender.join();
    }
}

TEST_CASE("a room sends to the clients that have joined and not left") {
    Room room;
    Box stays, leaves, comes;
    room.join(stays.outbox);
    room.join(stays.outbox);  // a second time changes nothing
    room.join(leaves.outbox);
    room.broadcast(share("1"));
    room.leave(leaves.outbox);
    room.join(comes.outbox);
    room.broadcast(share("2"));
    CHECK(stays.drain() == "12");
    CHECK(leaves.drain() == "1");
    CHECK(comes.drain() == "2");
    CHECK(room.size() == 2);
}

TEST_CASE("a room forgets a client that can't be sent anything any more") {
    Room room;
    Box reads, full, ended, gone;
    for (const Box* const box : {&reads, &full, &ended, &gone}) room.join(box->outbox);
    ended.outbox->send_last(share("good bye"));
    gone.outbox->discard();
    std::string heard;
    for (int i = 0; i < 11; ++i) {
        room.broadcast(share(hundred));
        heard += reads.drain();
    }
    CHECK(heard.size() == 1100);
    CHECK(full.outbox->overflowed());
    CHECK(room.size() == 1);
    CHECK(ended.drain() == "good bye");
}

TEST_CASE("a message that is broadcast is in memory once, however many clients wait for it") {
    Room room;
    std::vector<std::unique_ptr<Box>> boxes;
    for (int i = 0; i < 5; ++i) {
        boxes.push_back(std::make_unique<Box>());
        room.join(boxes.back()->outbox);
    }
    const SharedMessage message = share("hello");
    room.broadcast(message);
    CHECK(message.use_count() == 6);
    for (const auto& box : boxes) CHECK(box->drain() == "hello");
    CHECK(message.use_count() == 1);
}
