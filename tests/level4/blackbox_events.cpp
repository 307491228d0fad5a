// Server-sent events at /api/messages/events: an endless reply with an event for each message
// (https://html.spec.whatwg.org/#server-sent-events).
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "text.hpp"

namespace {

void expect_event(EventStream& stream, const std::string& name, const Reason& reason,
                  Where where = Where::here()) {
    const auto event = hear(stream, name);
    const bool met = event && (*event)["name"].text == name;
    expect(met, met ? Exchange{} : stream.client().so_far(), "an event for the message of " + name,
           event ? "another name" : "none", reason, where);
}

long long id_of(const JsonValue& message) {
    return std::atoll(message["id"].text.c_str());
}

// The id of the message that was posted.
long long id_in(const Exchange& reply) {
    expect_status(reply, 201, {"a good message"});
    return id_of(parse_json(reply.reply.body).value_or(JsonValue{}));
}

// The ids of the next `count` messages whose names contain `mark`. Fewer if they do not all come.
template <typename Source>
std::vector<long long> ids_from(Source& source, const std::string& mark, std::size_t count) {
    std::vector<long long> ids;
    while (ids.size() < count) {
        const auto message = hear(source, mark);
        if (!message) break;
        ids.push_back(id_of(*message));
    }
    return ids;
}

// A client of the stream that goes and comes back, as a browser on a train does.
struct Returning {
    std::unique_ptr<EventStream> stream = std::make_unique<EventStream>();
    std::vector<long long> ids = {};

    void hear_more(const std::string& mark, std::size_t count) {
        for (const long long id : ids_from(*stream, mark, count)) ids.push_back(id);
    }
    void reconnect() {
        stream->client().reset();
        const std::string last = ids.empty() ? "0" : std::to_string(ids.back());
        stream = std::make_unique<EventStream>(shared_server(), 0,
                                               std::vector<std::string>{"Last-Event-ID: " + last});
    }
};

// All that were posted, each once, in growing order. Returns whether it is so.
bool expect_ids(const std::vector<long long>& ids, std::vector<long long> posted,
                const std::string& which, Where where = Where::here()) {
    std::sort(posted.begin(), posted.end());
    std::size_t same = 0;
    while (same < ids.size() && same < posted.size() && ids[same] == posted[same]) ++same;
    const auto text = [&](const std::vector<long long>& all) {
        return same < all.size() ? std::to_string(all[same]) : "none";
    };
    const bool met = ids == posted;
    expect_that(
        met, "after " + std::to_string(same) + " messages " + which + ": " + text(posted),
        text(ids),
        {"a client that reconnects names the last id it has had, so those that come later "
         "must be higher",
         "give the id and pass the message on under one lock; leave out what the client had"},
        where);
    return met;
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 7 the live guestbook");

TEST_CASE("the stream of events begins at once, in chunks and with its own type") {
    EventStream stream;
    expect_status(stream.head(), 200, {"a client waits for the head before it listens"});
    const std::string type = media_type(stream.head().reply.value("Content-Type"));
    expect(type.starts_with("text/event-stream"), stream.head(), "Content-Type: text/event-stream",
           type, {"HTML, server-sent events §9.2.5: any other type is an error for EventSource"});
    expect_listed(stream.head(), "Transfer-Encoding", "chunked",
                  {"MUST RFC 9112 §7.1: a reply whose end is not known goes out in chunks"});
    expect_absent(stream.head(), "Content-Length",
                  {"MUST RFC 9112 §6.2: not with Transfer-Encoding"});
    const std::string cache = lower(stream.head().reply.value("Cache-Control"));
    expect(contains(cache, "no-store") || contains(cache, "no-cache"), stream.head(),
           "Cache-Control: no-store", cache, {"a cache would wait for the end of the reply"});
}

TEST_CASE("there is one event for each message, with the message as the API shows it") {
    EventStream stream;
    const std::string mark = unique("Event");
    WebSocket chat("/ws/chat");
    say(chat, mark + " chat");
    expect_event(stream, mark + " chat", {"what is said in the chat is an event"});
    visit({mark + " form"});
    expect_event(stream, mark + " form", {"what is signed by the form is an event"});
    post(mark + " api");
    const auto data = stream.next();
    const JsonValue event = parse_json(data.value_or("")).value_or(JsonValue{});
    const bool next = event["name"].text == mark + " api";
    expect(next, next ? Exchange{} : stream.client().so_far(), "exactly one event for each message",
           data.value_or("no event"), {"no event comes twice, and no other comes in between"});
    expect_as_in_api(event);
}

TEST_CASE("a message that is changed isn't announced as a new one") {
    const std::string mark = unique("Changed");
    Exchange posted = exchange(
        with_body("POST", "/api/messages", json_type, message_json(unique(), "as it was")));
    expect_status(posted, 201, {"a good message"});
    EventStream stream;
    expect_status(exchange(with_body("PUT", posted.reply.value("Location"), json_type,
                                     message_json(mark + " old", "changed"))),
                  200, {"it is changed"});
    post(mark + " new");
    const auto event = hear(stream, mark);
    const std::string name = event ? (*event)["name"].text : "none";
    const bool met = name == mark + " new";
    expect(met, met ? Exchange{} : stream.client().so_far(), mark + " new", name,
           {"a page appends what an event brings, so a changed message would be there twice",
            "announce what POST adds, not what PUT changes"});
}

TEST_CASE("a client that reconnects with Last-Event-ID gets the events that it missed, once") {
    const std::string mark = unique("Missed");
    EventStream before;
    post(mark + " 0");
    const auto seen = hear(before, mark);
    const std::string id = seen ? (*seen)["id"].text : "";
    expect_that(contains(before.client().so_far().received, "id: " + id), "id: " + id,
                "no such line",
                {"the browser sends the id of its last event when it connects again"});
    before.client().reset();
    constexpr int missed = 50;
    Client writer;
    const std::string text(2000, '<');  // which may be \u003c in JSON, and six times as long
    for (int i = 1; i <= missed; ++i) writer.send(api_post(mark + " " + std::to_string(i), text));
    for (int i = 1; i <= missed; ++i)
        expect_status(writer.read_reply("POST"), 201, {"a good message"});
    EventStream again(shared_server(), 0, {"Last-Event-ID: " + id});
    post(mark + " " + std::to_string(missed + 1));
    for (int i = 1; i <= missed + 1; ++i) {
        const auto event = hear(again, mark);
        const std::string name = event ? (*event)["name"].text : "none";
        const bool met = name == mark + " " + std::to_string(i);
        expect(met, met ? Exchange{} : again.client().so_far(), mark + " " + std::to_string(i),
               name,
               {"HTML, server-sent events §9.2.4: a reconnect must lose nothing",
                "look for what it missed, and keep what is published meanwhile"});
        if (!met) return;
    }
}

TEST_CASE("no text can end an event early, or add one") {
    EventStream stream;
    const std::string mark = unique("Forged");
    const std::string texts[] = {"a\n\ndata: {\"name\":\"forged\"}\n\n", "b\r\n\r\nevent: c",
                                 ": comment\n\xe2\x80\xa8", "\\n\\n\\u000a"};
    Client client;
    for (const std::string& text : texts) client.send(api_post(mark, text));
    for (std::size_t i = 0; i < 4; ++i)
        expect_status(client.read_reply("POST"), 201, {"any text is a good message"});
    for (const std::string& text : texts) {
        const auto data = stream.next();
        const JsonValue event = parse_json(data.value_or("")).value_or(JsonValue{});
        // The store may write \n for \r\n, and drop blanks at the end.
        std::string kept = text;
        std::erase(kept, '\r');
        std::string shown = event["message"].text;
        std::erase(shown, '\r');
        const bool same = event["name"].text == mark && !shown.empty() && kept.starts_with(shown);
        expect(same, same ? Exchange{} : stream.client().so_far(),
               "the message " + visible(text) + " in one event", visible(data.value_or("none")),
               {"a line end would end the field, and two of them the event",
                "JSON writes line ends as \\n and \\r"});
    }
}

TEST_CASE("all streams get the same events in the same order") {
    std::vector<EventStream> streams(5);
    const std::string mark = unique("Order");
    std::vector<Client> writers(4);
    for (int i = 0; i < 5; ++i)
        for (std::size_t w = 0; w < writers.size(); ++w)
            writers[w].send(api_post(mark + " " + std::to_string(w) + "/" + std::to_string(i)));
    for (Client& writer : writers)
        for (int i = 0; i < 5; ++i) expect_status(writer.read_reply("POST"), 201, {"a message"});
    std::vector<std::string> first;
    for (EventStream& stream : streams) {
        std::vector<std::string> names;
        while (names.size() < 20) {
            const auto event = hear(stream, mark);
            if (!event) break;
            names.push_back((*event)["name"].text);
        }
        if (first.empty()) first = names;
        const bool met = names.size() == 20 && names == first;
        expect(met, met ? Exchange{} : stream.client().so_far(),
               "20 events in the order of the first stream",
               std::to_string(names.size()) + " events, or another order",
               {"hold one lock while an event is passed to all streams"});
    }
}

TEST_CASE("events come in the order of their ids, and a client that reconnects misses none") {
    constexpr int writers = 12, rounds = 4, at_once = 10;
    const std::string mark = unique("Ids");
    std::vector<WebSocket> sockets = join_chat(2);
    EventStream stays;
    std::vector<Returning> returning(3);
    std::vector<Client> clients(writers);
    std::vector<long long> posted;
    for (int round = 0; round < rounds; ++round) {
        std::string bytes;
        for (int i = 0; i < at_once; ++i) bytes += api_post(mark);
        for (Client& client : clients) client.send(bytes);
        for (Returning& each : returning) {  // in the middle of the others' messages
            each.hear_more(mark, 30);
            each.reconnect();
        }
        for (Client& client : clients)
            for (int i = 0; i < at_once; ++i) posted.push_back(id_in(client.read_reply("POST")));
        for (Returning& each : returning) each.hear_more(mark, posted.size() - each.ids.size());
        for (const Returning& each : returning)
            if (!expect_ids(each.ids, posted, "with Last-Event-ID at each reconnect")) return;
    }
    // It shows that nothing comes twice at the end.
    posted.push_back(id_in(exchange(
        with_body("POST", "/api/messages", json_type, message_json(mark, "the last one")))));
    expect_ids(ids_from(stays, mark, posted.size()), posted, "in a stream");
    for (WebSocket& socket : sockets)
        expect_ids(ids_from(socket, mark, posted.size()), posted, "in the chat");
    for (Returning& each : returning) {
        each.hear_more(mark, 1);
        expect_ids(each.ids, posted, "with Last-Event-ID at each reconnect");
    }
}

TEST_CASE("clients that leave a stream do not affect the others") {
    EventStream stays;
    for (int i = 0; i < 20; ++i) {
        EventStream broken;
        broken.client().reset();
        EventStream closed;
    }
    const std::string mark = unique("Stays");
    for (int i = 0; i < 3; ++i) {
        const std::string name = mark + " " + std::to_string(i);
        post(name);
        expect_event(stays, name, {"an error of one stream ends that stream only"});
    }
}

TEST_CASE("streams whose clients have left cost no memory") {
    ServerProcess server;
    Client writer(server);
    const auto come_and_go = [&] {
        for (int i = 0; i < 200; ++i) EventStream left(server);
        // Once clients that came later have been answered, the server has seen the others leave.
        for (int i = 0; i < 20; ++i)
            expect_status(exchange(get("/hello"), server), 200, {"the server is up"});
        for (int i = 0; i < 40; ++i) writer.send(api_post("Ada", std::string(2000, 'x')));
        for (int i = 0; i < 40; ++i) expect_status(writer.read_reply("POST"), 201, {"a message"});
    };
    come_and_go();  // once in advance, as a server may keep buffers and threads for later clients
    const auto before = server.process().usage();
    for (int round = 0; round < 3; ++round) come_and_go();
    const auto after = server.process().usage();
    if (!before || !after) return remark("memory not measured, because there is no /proc here");
    const long long grown = (after->memory_bytes - before->memory_bytes) / 1024;
    // Our own server grows by 44 KB, by 4.5 MB under the thread sanitizer, and by 147 MB if it
    // never removes a client.
    expect_that(grown < 30'000, "less than 30 MB for 600 clients", std::to_string(grown) + " KB",
                {"events must not be kept for clients that have left",
                 "take the client out of the list when its connection ends"});
}

TEST_CASE("HEAD of the stream gets its head alone") {
    Exchange reply = exchange(request("HEAD", "/api/messages/events"));
    expect_status(reply, 200, {"SHOULD RFC 9110 §9.3.2: HEAD is GET without the content"});
    expect_one_reply_then_close(reply, {"MUST RFC 9110 §9.3.2: no chunk now, and no event later"});
}

TEST_CASE("SIGTERM ends the streams cleanly, then the server") {
    ServerProcess server;
    std::vector<EventStream> streams;
    for (int i = 0; i < 10; ++i) streams.emplace_back(server);
    const std::string name = unique("Before the end");
    post(name, server);
    for (EventStream& stream : streams) expect_event(stream, name, {"they are open"});
    const double asked = now();
    server.signal(SIGTERM);
    for (EventStream& stream : streams) {
        const auto after = stream.next();
        const bool met = !after && stream.complete() && stream.client().ending() == Ending::closed;
        expect(met, met ? Exchange{} : stream.client().so_far(),
               "the last chunk, then the end of the connection",
               after ? "another event"
                     : (stream.complete() ? "a connection that stays open" : "no last chunk"),
               {"MUST RFC 9112 §8: without the chunk of size 0 the reply is incomplete",
                "end the stream regularly when the server stops; the browser will ask again"});
    }
    server.process().wait_for_end(patience);
    expect_that(server.process().exit_code() == 0 && now() - asked < 5.0,
                "exit code 0 in less than 5 s", server.process().how_it_ended(),
                {"an endless stream must not keep the server from stopping"});
}

TEST_SUITE_END();
