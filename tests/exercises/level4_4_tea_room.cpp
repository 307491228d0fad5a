// Exercise 4-4: a second room, apart from the guestbook's chat. The contract is in
// level4/README.md.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

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

const Reason apart = {"the two rooms have nothing of each other",
                      "a room and a store of its own, and the same code for both"};

// A client that is certain to be in the room, because it has had the answer to a ping. The history
// has been read.
WebSocket join(const std::string& socket, ServerProcess& server = shared_server(),
               Where where = Where::here()) {
    WebSocket client(socket, server, {}, 0, where);
    client.send(frame(op_ping, "in?"));
    Frame got;
    do got = client.read_frame();
    while (got.opcode == op_text);
    expect_that(got.opcode == op_pong, "a pong", got.description(),
                {"MUST RFC 6455 §5.5.3: a ping is answered"}, where);
    return client;
}

// Something is said in this room, and comes back to its author.
void say_and_hear(WebSocket& client, const std::string& name, Where where = Where::here()) {
    say(client, name);
    expect_heard(client, name, {"all in the room see it, and so does its author"}, where);
}

// The next messages of this client are the one with this name, and none of the others before it.
void expect_next(WebSocket& client, const std::string& name, const std::string& other,
                 Where where = Where::here()) {
    for (bool found = false; !found;) {
        const Frame got = client.read_message();
        const bool wrong = got.opcode != op_text || contains(got.payload, other);
        found = contains(got.payload, name);
        if (!wrong) continue;
        expect(false, client.so_far(), "'" + name + "', and not '" + other + "'", got.description(),
               apart, where);
        return;
    }
}

}  // namespace

TEST_SUITE_BEGIN("exercise 4-4");

TEST_CASE("/tearoom is a page for its own socket, and /chat leads to it") {
    const Exchange page = exchange(get("/tearoom"));
    expect_status(page, 200, {"the second room"});
    expect_in_body(page, "/ws/tearoom", {"its script has to know where to connect"});
    constexpr std::string_view mark = "<script src=\"";
    for (std::string_view rest = page.reply.body; contains(rest, mark);) {
        rest.remove_prefix(rest.find(mark) + mark.size());
        const Exchange script = exchange(get(rest.substr(0, rest.find('"'))));
        expect(!contains(script.reply.body, "/ws/chat"), script, "a script for both rooms",
               "one that always connects to /ws/chat", {"the page has to tell it where"});
    }
    for (const char* name : {"name", "message"})
        expect(control(page.reply.body, name).found, page, std::string("a field ") + name, "none",
               {"one can write there as in the first room"});
    expect(!contains(page.reply.body, "action=\"/contact\""), page,
           "no form that signs the guestbook", "one", apart);
    expect_in_body(exchange(get("/chat")), "href=\"/tearoom\"", {"or it would not be found"});
}

TEST_CASE("what is said in the tea room is heard by all that are in it") {
    WebSocket one = join("/ws/tearoom");
    WebSocket other = join("/ws/tearoom");
    const std::string name = unique("Tea");
    say(one, name, "with \"milk\" & <sugar>\n\xe2\x82\xac");
    for (WebSocket* client : {&one, &other}) {
        const auto message = hear(*client, name).value_or(JsonValue{});
        expect_that(message["message"].text == "with \"milk\" & <sugar>\n\xe2\x82\xac" &&
                        message["id"].is(JsonValue::Kind::number) &&
                        message["created"].is(JsonValue::Kind::string),
                    "the message, with id and created", message["message"].text,
                    {"the sockets carry the same JSON as those of /ws/chat"});
    }
}

TEST_CASE("neither room hears what is said in the other") {
    WebSocket tea = join("/ws/tearoom");
    WebSocket chat = join("/ws/chat");
    const std::string in_tea = unique("Tea");
    const std::string in_chat = unique("Chat");
    say_and_hear(tea, in_tea + " 1");
    say(chat, in_chat + " 1");
    expect_next(chat, in_chat + " 1", in_tea);
    visit({in_chat + " form"});
    post(in_chat + " api");
    say(tea, in_tea + " 2");
    expect_next(tea, in_tea + " 2", in_chat);
}

TEST_CASE("a client that joins is shown what was said in this room, the oldest first") {
    WebSocket tea = join("/ws/tearoom");
    const std::string mark = unique("Tea");
    const std::string elsewhere = unique("Chat");
    std::vector<std::string> said;
    for (int i = 0; i < 3; ++i) {
        said.push_back(mark + " " + std::to_string(i));
        say_and_hear(tea, said.back());
        post(elsewhere);
    }
    WebSocket late("/ws/tearoom");
    const auto shown = hear_names(late, mark, 3);
    expect(shown == said, shown == said ? Exchange{} : late.so_far(), "the three, in order",
           std::to_string(shown.size()) + " of them, or in another order",
           {"as in the first room, but of this one"});
    expect_that(!contains(late.so_far().received, elsewhere), "nothing that was said elsewhere",
                elsewhere, apart);
}

TEST_CASE(
    "what is said in the tea room is on no page, in no list and in no stream of the guestbook") {
    EventStream events;
    WebSocket tea = join("/ws/tearoom");
    const std::string secret = unique("Tea");
    say_and_hear(tea, secret);
    const std::string open = unique("Open");
    post(open);
    const auto event = events.next();
    expect(event && contains(*event, open), events.head(), "'" + open + "' as the next event",
           event.value_or("none"), apart);
    for (const char* target : {"/messages", "/api/messages"}) {
        const Exchange reply = exchange(get(target));
        expect_in_body(reply, open, {"what is said in the open is there"});
        expect_not_in_reply(reply, secret, apart);
    }
}

TEST_CASE("what was said in the tea room is still there after a restart") {
    if (lacks_program()) return;
    DataFolder data;
    const std::string name = unique("Tea");
    {
        ServerProcess server(data.launch(""));
        WebSocket tea = join("/ws/tearoom", server);
        say_and_hear(tea, name);
        server.process().stop();
    }
    ServerProcess server(data.launch(""));
    WebSocket late("/ws/tearoom", server);
    expect_heard(late, name, {"it is kept on the disk, as the guestbook is"});
}

TEST_CASE("a mistake in the tea room is answered to the client that made it") {
    WebSocket tea = join("/ws/tearoom");
    say(tea, "", "without a name");
    Frame got;
    do got = tea.read_message();
    while (got.opcode == op_text && !contains(got.payload, "\"error\""));  // the history
    const auto answer = parse_json(got.payload).value_or(JsonValue{});
    expect_that(!answer["error"].text.empty() && answer["field"].text == "name",
                "{\"error\": ..., \"field\": \"name\"}", got.description(),
                {"the rules are those of the first room"});
    say_and_hear(tea, unique("Tea"));
}

TEST_CASE("a page of another site can't open the tea room") {
    Client client;
    client.send(handshake("/ws/tearoom", {"Origin: https://evil.example"}));
    expect_status(client.read_reply(), 403,
                  {"RFC 6455 §10.2: it would speak in the visitor's name"});
}

TEST_SUITE_END();
