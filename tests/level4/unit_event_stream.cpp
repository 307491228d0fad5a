// Server-sent events: what a subscriber gets, from its subscription to the end.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "request.hpp"
#include "stream/conversation.hpp"
#include "stream/event_stream.hpp"
#include "talk.hpp"

namespace {

struct Subscriber {
    explicit Subscriber(EventChannel& channel) : stream(channel.subscribe().protocol) {
        REQUIRE(stream != nullptr);
        stream->open([this] { ++wakes; });
        while (!stream->take_output().empty()) continue;  // the greeting, as an engine takes it
    }
    std::shared_ptr<Protocol> stream;
    int wakes = 0;
};

}  // namespace

TEST_CASE("the reply to a subscriber is a stream of events that no cache may keep") {
    EventChannel channel;
    const Response response = channel.subscribe();
    CHECK(response.status == 200);
    REQUIRE(response.headers.find("Content-Type") != nullptr);
    CHECK(*response.headers.find("Content-Type") == "text/event-stream; charset=utf-8");
    REQUIRE(response.headers.find("Cache-Control") != nullptr);
    CHECK(*response.headers.find("Cache-Control") == "no-store");
    CHECK(response.protocol != nullptr);
}

TEST_CASE("a stream begins with a comment, and misses no event since the subscription") {
    EventChannel channel;
    const auto stream = channel.subscribe().protocol;
    channel.publish({1, "early"});  // while the head is on its way
    stream->open([] {});
    CHECK(stream->take_output() == ": hello\n\nid: 1\ndata: early\n\n");
    CHECK(stream->take_output().empty());
}

TEST_CASE("every subscriber gets every event, in order, and its engine is woken") {
    EventChannel channel;
    Subscriber one(channel), two(channel);
    channel.publish({1, "a"});
    CHECK(one.wakes == 1);
    CHECK(two.wakes == 1);
    CHECK(one.stream->take_output() == "id: 1\ndata: a\n\n");
    channel.publish({1, "b"});
    CHECK(one.stream->take_output() == "id: 1\ndata: b\n\n");
    CHECK(two.stream->take_output() == "id: 1\ndata: a\n\nid: 1\ndata: b\n\n");
}

TEST_CASE("the engine of a subscriber that has left is not woken any more") {
    EventChannel channel;
    Subscriber stays(channel), leaves(channel);
    leaves.stream.reset();
    channel.publish({1, "a"});
    CHECK(leaves.wakes == 0);
    CHECK(stays.stream->take_output() == "id: 1\ndata: a\n\n");
}

TEST_CASE("a subscriber that doesn't read is dropped, and the others miss nothing") {
    EventChannel channel;
    Subscriber reads(channel), sleeps(channel);
    const std::string event(10'000, 'x');
    int published = 0;
    while (!sleeps.stream->dropped() && published < 1000) {
        channel.publish({1, event});
        ++published;
        CHECK(reads.stream->take_output().size() > event.size());
    }
    CHECK(sleeps.stream->dropped());
    CHECK(published > 20);     // a client may be slow for a while
    CHECK(sleeps.wakes == 2);  // for the first event, and to be dropped
    CHECK_FALSE(reads.stream->dropped());
    CHECK(sleeps.stream->take_output().empty());
}

TEST_CASE("every 15 s a comment is sent, which fails if the client is gone") {
    EventChannel channel;
    Subscriber subscriber(channel);
    const auto before = Clock::now();
    CHECK(subscriber.stream->deadline() < before + std::chrono::seconds(20));
    CHECK(subscriber.stream->deadline() > before + std::chrono::seconds(10));
    subscriber.stream->time_out();
    CHECK(subscriber.stream->take_output() == ": still here\n\n");
    CHECK_FALSE(subscriber.stream->finished());
    CHECK(subscriber.stream->deadline() >= before + std::chrono::seconds(15));
}

TEST_CASE("a stream ends when its client hangs up, and when the server stops") {
    EventChannel channel;
    Subscriber gone(channel), stopped(channel), other(channel);
    gone.stream->end_of_input();
    CHECK(gone.stream->finished());
    stopped.stream->stop();
    CHECK(stopped.stream->finished());
    CHECK_FALSE(other.stream->finished());
}

TEST_CASE("what a subscriber sends is ignored") {
    EventChannel channel;
    Subscriber subscriber(channel);
    subscriber.stream->feed("GET / HTTP/1.1\r\n\r\n");
    CHECK(subscriber.stream->take_output().empty());
    CHECK_FALSE(subscriber.stream->finished());
}

TEST_CASE("over a connection an event is a chunk, and a stop is the last chunk") {
    EventChannel channel;
    TalkWith<Conversation> talk([&](Request&) { return channel.subscribe(); });
    Conversation& connection = talk.connection;
    connection.feed("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(connection.take_output().find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(connection.take_output() == "9\r\n: hello\n\n\r\n");
    CHECK(connection.take_output().empty());
    channel.publish({1, "a"});
    CHECK(connection.take_output() == "f\r\nid: 1\ndata: a\n\n\r\n");
    connection.stop();
    CHECK(connection.finished());
    CHECK(connection.take_output() == "0\r\n\r\n");
}

TEST_CASE("a channel is told the number of a subscriber's connection before an event goes out") {
    for (const char* version : {"1.1", "1.0"}) {
        std::vector<int> told;
        EventChannel channel(1000, [&](int connection) { told.push_back(connection); });
        const Handler handler = [&](Request&) { return channel.subscribe(); };
        const Limits limits;
        Conversation connection(Connection(handler, limits, nullptr, "test"), 8);
        connection.feed("GET /events HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n");
        connection.take_output();
        CHECK(told.empty());
        connection.take_output();
        CHECK(told == std::vector<int>{8});
    }
}

TEST_CASE("a channel can let less wait for a subscriber than others do") {
    EventChannel channel(1000);
    Subscriber sleeps(channel);
    channel.publish({1, std::string(900, 'x')});
    CHECK_FALSE(sleeps.stream->dropped());
    channel.publish({2, "a"});
    channel.publish({3, "a"});
    CHECK(sleeps.stream->dropped());
}

TEST_CASE("an HTTP/1.0 client gets the events as they are, without chunks") {
    EventChannel channel;
    TalkWith<Conversation> talk([&](Request&) { return channel.subscribe(); });
    Conversation& connection = talk.connection;
    connection.feed("GET /events HTTP/1.0\r\n\r\n");
    const auto head = connection.take_output();
    CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(head.find("Transfer-Encoding") == std::string::npos);
    channel.publish({1, "a"});
    CHECK(connection.take_output() == ": hello\n\nid: 1\ndata: a\n\n");
}

TEST_CASE("many threads publish while subscribers come and go, and one that stays misses nothing") {
    EventChannel channel;
    const auto stays = channel.subscribe().protocol;
    stays->open([] {});
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 200; ++j) channel.publish({1, "event"});
        });
    }
    threads.emplace_back([&] {
        for (int j = 0; j < 200; ++j) {
            const auto passes_by = channel.subscribe().protocol;
            passes_by->open([] {});
            passes_by->take_output();
        }
    });
    for (auto& thread : threads) thread.join();
    CHECK(stays->take_output().size() ==
          std::string(": hello\n\n").size() + 600 * std::string("id: 1\ndata: event\n\n").size());
}

TEST_CASE("a client that was away is sent what it missed, and once it has joined every event") {
    EventChannel channel;
    auto [response, client] = channel.invite();
    const auto stream = response.protocol;
    channel.publish({6, "six"});  // it hasn't joined yet
    EventChannel::send(*client, {6, "six"});
    CHECK(stream->take_output() == ": hello\n\nid: 6\ndata: six\n\n");
    channel.join(client);
    channel.publish({7, "seven"});
    CHECK(stream->take_output() == "id: 7\ndata: seven\n\n");
}
