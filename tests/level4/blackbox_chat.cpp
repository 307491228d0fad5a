// The room at /ws/chat. All clients in it see at once what one visitor says, in whatever way, and
// none of them has to wait for clients that are slow, gone or mistaken.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "affordable_clients.hpp"
#include "bytes.hpp"
#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "text.hpp"
#include "websocket.hpp"

namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return "[" + text + "]";
}

// Reads messages until `count` of this name have come. Returns how many did.
std::size_t count_heard(WebSocket& socket, const std::string& name, std::size_t count) {
    for (std::size_t heard = 0; heard < count;) {
        const Frame got = socket.read_message();
        if (got.opcode != op_text) return heard;
        if (contains(got.payload, name)) ++heard;
    }
    return count;
}

// Each of the writers posts `each` messages with this name, and gets its 201 for each.
void post_all(std::vector<Client>& writers, std::size_t each, const std::string& name,
              const std::string& text) {
    for (Client& writer : writers)
        for (std::size_t i = 0; i < each; ++i) writer.send(api_post(name, text));
    for (Client& writer : writers) {
        for (std::size_t i = 0; i < each; ++i) {
            Exchange reply = writer.read_reply("POST");
            if (reply.reply.status != 201)
                expect_status(reply, 201,
                              {"clients that post do not wait for a client that does not read"});
        }
    }
}

// Returns whether the reader has heard all of them.
bool expect_all_heard(WebSocket& reader, const std::string& name, std::size_t count) {
    const std::size_t heard = count_heard(reader, name, count);
    expect(heard == count, heard == count ? Exchange{} : reader.so_far(),
           std::to_string(count) + " messages in each round for a client that reads",
           std::to_string(heard),
           {"the others never wait for a client that does not read",
            "put messages into queues, and let each connection send from its own"});
    return heard == count;
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 7 the live guestbook");

TEST_CASE("/chat is a page with a form that also signs the guestbook without JavaScript") {
    Exchange page = exchange(get("/chat"));
    expect_status(page, 200, {"the live guestbook"});
    expect_in_body(page, "action=\"/contact\"", {"a browser without JavaScript sends the form"});
    for (const char* name : {"name", "message"})
        expect(control(page.reply.body, name).found, page,
               std::string("a field ") + name + " in the form", "none",
               {"the fields are those of /contact"});
}

TEST_CASE("a client that joins is shown what was said before, the oldest first") {
    const std::string mark = unique("History");
    std::vector<std::string> said;
    for (int i = 0; i < 3; ++i) {
        said.push_back(mark + " " + std::to_string(i));
        post(said.back());
    }
    WebSocket late("/ws/chat");
    const auto shown = hear_names(late, mark, 3);
    expect(shown == said, shown == said ? Exchange{} : late.so_far(), joined(said), joined(shown),
           {"a page appends each message, so the newest has to come last"});
}

TEST_CASE("what is said in the chat, by the form or by the API shows in every open socket") {
    auto members = join_chat(3);
    const Reason reason = {"every client in the room sees it, including the one that said it"};
    const std::string by_chat = unique("Chat");
    const std::string by_form = unique("Form");
    const std::string by_api = unique("Api");
    say(members[1], by_chat, "said <b>\"here\"</b>\n\xe2\x82\xac");
    for (WebSocket& member : members) {
        const auto message = hear(member, by_chat).value_or(JsonValue{});
        const bool heard = message["name"].text == by_chat &&
                           message["message"].text == "said <b>\"here\"</b>\n\xe2\x82\xac";
        expect(heard, heard ? Exchange{} : member.so_far(),
               "the name and the message that were sent", message["message"].text, reason);
        if (heard) expect_as_in_api(message);
    }
    visit({by_form});
    for (WebSocket& member : members) expect_heard(member, by_form, reason);
    post(by_api);
    for (WebSocket& member : members) expect_heard(member, by_api, reason);
}

TEST_CASE("a message of 2000 characters can be said in the chat, also with JSON's escapes") {
    WebSocket socket("/ws/chat");
    for (const char* emoji : {"\xf0\x9f\x8e\x89", "\\ud83c\\udf89"}) {
        const std::string name = unique("Long");
        socket.say("{\"name\":" + json_string(name) + ",\"message\":\"" + repeated(emoji, 2000) +
                   "\"}");
        const auto message = hear(socket, name).value_or(JsonValue{});
        const bool whole = message["message"].text == repeated("\xf0\x9f\x8e\x89", 2000);
        expect(whole, whole ? Exchange{} : socket.so_far(), "the message with all its characters",
               std::to_string(message["message"].text.size()) + " bytes of it",
               {"the rules are those of the form: characters count, not bytes, and an emoji has 4 "
                "bytes, or 12 as escapes",
                "let a text have 32 KiB, and judge the length of the message once it is parsed"});
    }
}

TEST_CASE("what is said is shown at once, not when the server next looks") {
    auto members = join_chat(2);
    const double start = now();
    const std::string mark = unique("Ball");
    // Each client says something once it has seen what the other said.
    for (std::size_t i = 0; i < 20; ++i) {
        const std::string name = mark + " " + std::to_string(i);
        say(members[i % 2], name);
        expect_heard(members[(i + 1) % 2], name, {"the other sees it"});
    }
    const double seconds = now() - start;
    expect_that(seconds < 2.5, "20 messages back and forth in less than 2.5 s",
                std::to_string(seconds) + " s",
                {"a thread that waits for a client must wake when there is something to send to it",
                 "wait for the socket and for a wake-up together (an eventfd, a pipe)"});
}

TEST_CASE("what is said in the chat is in the guestbook, under the id that the chat shows") {
    WebSocket socket("/ws/chat");
    const std::string name = unique();
    say(socket, name);
    const std::string id = hear(socket, name).value_or(JsonValue{})["id"].text;
    Exchange by_id = exchange(get("/api/messages/" + id));
    expect_status(by_id, 200, {"it is a message like any other"});
    expect_in_body(by_id, name, {"the same message"});
    expect_in_body(exchange(get("/messages")), name, {"the page also shows it"});
}

TEST_CASE("a wrong message is reported to its sender, and to no other client") {
    auto members = join_chat(2);
    const std::string good = unique("Good");
    const std::string wrong[] = {message_json("", "no name"),
                                 message_json("Ada", ""),
                                 message_json("Ada", std::string(2001, 'x')),
                                 "{\"name\":\"Ada\"}",
                                 "{\"name\":1,\"message\":2}",
                                 "[]",
                                 "{\"name\":",
                                 ""};
    for (const std::string& text : wrong) members[0].say(text);
    say(members[0], good);
    for (const std::string& text : wrong) {
        const auto answer = hear(members[0], "\"error\"");
        expect(answer && !(*answer)["error"].text.empty(),
               answer ? Exchange{} : members[0].so_far(), "{\"error\":...} for " + visible(text),
               answer ? "an empty one" : "none",
               {"the sender wants to know, and the socket stays open"});
        if (!answer) return;
    }
    expect_heard(members[0], good, {"a client can go on after a mistake"});
    // The other member gets the history, and then nothing but the good message.
    std::string heard;
    while (!contains(heard, good)) {
        const Frame got = members[1].read_message();
        if (got.opcode != op_text) break;
        heard = got.payload;
        expect_that(!contains(heard, "\"error\""), "no error of other clients", heard,
                    {"a mistake concerns only the client that made it"});
    }
    expect(contains(heard, good), contains(heard, good) ? Exchange{} : members[1].so_far(),
           "the good message", "none", {"the good message is for all"});
}

TEST_CASE("pages of other sites can't join the chat") {
    Client client;
    client.send(handshake("/ws/chat", {"Origin: http://evil.example"}));
    expect_status(
        client.read_reply(), 403,
        {"SHOULD RFC 6455 §10.2: otherwise any page could listen, and talk in a visitor's name"});
}

TEST_CASE("a thousand clients in the room all get every message, in the same order") {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    auto members = join_chat(affordable_clients(1000), server);
    // Four of them talk at the same time.
    constexpr std::size_t each = 5;
    const std::string mark = unique("Crowd");
    for (std::size_t i = 0; i < each; ++i)
        for (std::size_t talker = 0; talker < 4; ++talker)
            say(members[talker * members.size() / 4],
                mark + " " + std::to_string(talker) + "/" + std::to_string(i));
    const auto first = hear_names(members[0], mark, 4 * each);
    const std::set<std::string> different(first.begin(), first.end());
    expect(different.size() == 4 * each,
           different.size() == 4 * each ? Exchange{} : members[0].so_far(),
           "20 messages, each once", joined(first),
           {"nothing is lost on the way to the first client"});
    std::size_t without = 0;
    std::size_t other_order = 0;
    for (WebSocket& member : members) {
        if (&member == &members[0] || without == 10) continue;
        const auto names = hear_names(member, mark, 4 * each, without == 0 ? patience : 0.05);
        if (names.size() < 4 * each)
            ++without;
        else if (names != first)
            ++other_order;
    }
    expect_that(
        without == 0, "20 messages for each of them",
        std::to_string(without) + " of " + std::to_string(members.size()) + " clients missed some",
        {"a room passes each message to every client in it",
         "use a queue for each client; the others are filled while one is being sent"});
    expect_that(other_order == 0, "the order that the first client saw",
                std::to_string(other_order) + " clients saw another order",
                {"with one lock around passing a message to all, all see the same order"});
}

TEST_CASE("a client that does not read is dropped, and the others don't wait for that") {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    // Readers must not miss anything, whether they come before or after the slow client in some
    // list, so there are some of both.
    auto readers = join_chat(2, server);
    WebSocket slow("/ws/chat", server, {}, 4096);
    EventStream slow_stream(server, 4096);
    for (WebSocket& later : join_chat(3, server)) readers.push_back(std::move(later));
    std::vector<Client> writers;
    for (int i = 0; i < 8; ++i) writers.emplace_back(server);

    // 8 KB each, 6 MB in all, which is more than kernels keep for a connection.
    std::string text;
    for (int i = 0; i < 2000; ++i) text += "\xf0\x9f\x8e\x89";
    const std::string mark = unique("Long");
    constexpr std::size_t rounds = 24;
    constexpr std::size_t each = 4;
    for (std::size_t round = 0; round < rounds; ++round) {
        const std::string name = mark + " " + std::to_string(round);
        post_all(writers, each, name, text);
        for (WebSocket& reader : readers)
            if (!expect_all_heard(reader, name, writers.size() * each)) return;
    }
    post(unique("The last"), server);
    const Reason dropped = {
        "messages that are not read must not pile up in memory, so past a limit the queue is "
        "dropped together with the connection",
        "count the bytes that wait for a client; 1 MiB is plenty"};
    const bool missed = !hear(slow, "The last") && slow.ended();
    expect_that(missed, "the end of the connection before the last message",
                slow.ended() ? "every message" : "a connection that stays open", dropped);
    const bool stream_missed = !hear(slow_stream, "The last") && slow_stream.client().ended();
    expect_that(stream_missed, "the end of a stream of events that is not read",
                slow_stream.client().ended() ? "every event" : "a connection that stays open",
                dropped);
}

TEST_CASE("clients that die do not affect the others") {
    auto members = join_chat(30);
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i % 3 == 1) members[i].reset();
        if (i % 3 == 2) members[i].client().finish_sending();
    }
    const std::string mark = unique("Alive");
    for (int i = 0; i < 5; ++i) say(members[0], mark);
    for (std::size_t i = 0; i < members.size(); i += 3) {
        const auto names = hear_names(members[i], mark, 5);
        expect(names.size() == 5, names.size() == 5 ? Exchange{} : members[i].so_far(),
               "five messages", std::to_string(names.size()),
               {"writing to a dead client fails for that client only",
                "on an error drop that client, and go on with the next one"});
    }
}

TEST_CASE("SIGTERM with 100 clients in the chat: each gets close 1001, and the server ends") {
    ServerProcess server;
    auto members = join_chat(100, server);
    const std::string name = unique();
    say(members[0], name);
    for (WebSocket& member : members) expect_heard(member, name, {"all are in the room"});
    const double asked = now();
    server.signal(SIGTERM);
    for (WebSocket& member : members) {
        expect_close_frame(
            member, 1001,
            {"MUST RFC 6455 §7.4.1: 1001, \"going away\", such as a server going down",
             "tell every WebSocket when the server is asked to stop"});
        member.send(frame(op_close, close_payload(1001)));
    }
    for (WebSocket& member : members) expect_end(member);
    server.process().wait_for_end(patience);
    expect_that(server.process().exit_code() == 0 && now() - asked < 5.0,
                "exit code 0 in less than 5 s", server.process().how_it_ended(),
                {"all have said goodbye, so there is nothing left to wait for"});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("no client is shown a message of the chat before it is stored") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    auto members = join_chat(2, server);
    StoreLock lock(data);
    const std::string name = unique("Held");
    say(members[0], name);
    const Reason first_stored = {
        "a message that was shown must not be lost, so it goes to disk first, then to the others",
        "announce the message with the id that the store has given it"};
    for (WebSocket& member : members) {
        for (int round = 0; round < 20; ++round) {
            member.send(frame(op_ping, "?"));
            expect_message(member, op_pong, "?",
                           {"one wait for the disk must not stop the others"});
            const bool silent = member.client().unread().empty();
            expect(silent, silent ? Exchange{} : member.so_far(), "nothing but pongs",
                   "a message that is not in the store", first_stored);
        }
    }
    lock.release();
    for (WebSocket& member : members) expect_heard(member, name, {"it is stored now"});
}

TEST_CASE("a client that joins while a message waits for another process is shown what is known") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    const std::string known = unique("Known");
    post(known, server);
    auto members = join_chat(1, server);
    StoreLock lock(data);
    const std::string held = unique("Held");
    say(members[0], held);
    const double start = now();
    std::optional<WebSocket> late;
    for (int i = 0; i < 5; ++i) {  // the first may come before the message waits
        late.emplace("/ws/chat", server);
        expect_heard(*late, known, {"what is known can be read without the lock"});
    }
    expect_that(now() - start < 3, "within 3 s", std::to_string(now() - start) + " s",
                {"what is read must not queue up behind what is to be written"});
    lock.release();
    expect_heard(*late, held, {"it is stored now"});
}

TEST_CASE("after kill -9 every message that a client has seen in the chat is there exactly once") {
    if (lacks_program()) return;
    DataFolder data;
    std::vector<std::string> seen;
    const std::string mark = unique("Kill");
    {
        ServerProcess server(data.launch("--quiet"));
        auto members = join_chat(8, server);
        constexpr int each = 400;
        for (int i = 0; i < each; ++i)
            for (std::size_t who = 0; who < members.size(); ++who)
                say(members[who], mark + " " + std::to_string(who) + "/" + std::to_string(i));
        seen = hear_names(members[3], mark, 40);
        server.signal(SIGKILL);
        for (WebSocket& member : members) {
            const auto more = hear_names(member, mark, each * members.size());
            seen.insert(seen.end(), more.begin(), more.end());
        }
    }
    const std::set<std::string> different(seen.begin(), seen.end());
    expect_that(different.size() >= 40 && different.size() < 3200,
                "some messages seen, but not all", std::to_string(different.size()) + " seen",
                {"the server must be killed at work"});
    ServerProcess server(data.launch("--quiet"));
    const auto stored = stored_names(server);
    for (const std::string& name : different) {
        const auto times = std::count(stored.begin(), stored.end(), name);
        expect_that(times == 1, "the message of " + name + " once",
                    std::to_string(times) + " times",
                    {"a client that has seen it relies on it, so it goes to disk first"});
    }
}

TEST_SUITE_END();
