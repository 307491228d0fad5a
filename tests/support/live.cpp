// The helpers of live.hpp. A message is parsed only if it contains the name that is looked for.
// Otherwise a thousand clients, each of which is shown the history, would keep the tests busy.
#include "live.hpp"

#include <algorithm>
#include <charconv>

#include "text.hpp"

std::string message_json(std::string_view name, std::string_view message) {
    return "{\"name\":" + json_string(name) + ",\"message\":" + json_string(message) + "}";
}

void say(WebSocket& socket, std::string_view name, std::string_view message) {
    socket.say(message_json(name, message));
}

std::string api_post(std::string_view name, std::string_view message) {
    return with_body_and_stay("POST", "/api/messages", json_type, message_json(name, message));
}

void post(std::string_view name, ServerProcess& server, Where where) {
    Client client(server);
    client.send(api_post(name));
    expect_status(client.read_reply("POST"), 201, {"a good message"}, where);
}

std::vector<WebSocket> join_chat(std::size_t count, ServerProcess& server) {
    std::vector<WebSocket> members;
    for (std::size_t i = 0; i < count; ++i) {
        members.emplace_back("/ws/chat", server);
        members.back().send(frame(op_ping, "in?"));
    }
    for (WebSocket& member : members) {
        Frame got;
        do got = member.read_frame();
        while (got.opcode == op_text);
        const bool met = got.opcode == op_pong && got.payload == "in?";
        expect(met, met ? Exchange{} : member.so_far(), "pong 'in?' after the history",
               got.description(), {"MUST RFC 6455 §5.5.3: a ping is answered"});
        if (!met) break;
    }
    return members;
}

std::optional<JsonValue> hear(WebSocket& socket, std::string_view name, double seconds) {
    const double until = now() + seconds;
    while (true) {
        const Frame got = socket.read_message(std::max(until - now(), 0.0));
        if (got.opcode < 0 || got.opcode == op_close) return std::nullopt;
        if (got.opcode == op_text && contains(got.payload, name)) return parse_json(got.payload);
    }
}

std::vector<std::string> hear_names(WebSocket& socket, std::string_view mark, std::size_t count,
                                    double seconds) {
    const double until = now() + seconds;
    std::vector<std::string> names;
    while (names.size() < count) {
        const auto message = hear(socket, mark, std::max(until - now(), 0.0));
        if (!message) break;
        names.push_back((*message)["name"].text);
    }
    return names;
}

void expect_heard(WebSocket& socket, std::string_view name, const Reason& reason, Where where) {
    const auto message = hear(socket, name);
    const bool met = message && (*message)["name"].text == name;
    expect(met, met ? Exchange{} : socket.so_far(), "the message of " + std::string(name),
           message ? "that name in another field" : "no such message", reason, where);
}

void expect_as_in_api(const JsonValue& message, Where where) {
    const Exchange reply = exchange(get("/api/messages/" + message["id"].text));
    const JsonValue stored = parse_json(reply.reply.body).value_or(JsonValue{});
    for (const char* name : {"id", "name", "email", "message", "created"}) {
        const JsonValue& member = message[name];
        const bool there = !member.is(JsonValue::Kind::nothing);
        const bool same = member.kind == stored[name].kind && member.text == stored[name].text;
        expect(
            there && same, reply,
            "the message that arrived has the \"" + std::string(name) + "\" that the API shows",
            there ? visible(member.text) : "it has none",
            {"a page needs to know one form of a message only",
             "write the object in one function, and use it for the API, the chat and the events"},
            where);
    }
}

EventStream::EventStream(ServerProcess& server, int receive_buffer,
                         const std::vector<std::string>& fields, std::string_view path)
    : client_(server, receive_buffer) {
    client_.send(get_and_stay(path, fields));
    const double until = now() + reply_patience();
    std::size_t end = std::string_view::npos;
    while ((end = client_.unread().find("\r\n\r\n")) == std::string_view::npos)
        if (!client_.receive_more(until)) break;
    head_ = client_.so_far();
    if (end == std::string_view::npos) return;
    client_.take(end + 4);
    head_.received.resize(end + 4);
    head_.reply = parse_reply(head_.received, "HEAD", false);
}

// Decodes one chunk; false if no whole one has arrived yet.
bool EventStream::decode_chunk() {
    const std::string_view bytes = client_.unread();
    const std::size_t line_end = bytes.find("\r\n");
    if (line_end == std::string_view::npos) return false;
    std::size_t size = 0;
    std::from_chars(bytes.data(), bytes.data() + line_end, size, 16);
    if (bytes.size() < line_end + 2 + size + 2) return false;
    decoded_ += bytes.substr(line_end + 2, size);
    client_.take(line_end + 2 + size + 2);
    complete_ = complete_ || size == 0;
    return true;
}

std::optional<std::string> EventStream::next(double seconds) {
    const double until = now() + seconds;
    while (true) {
        const std::size_t end = decoded_.find("\n\n");
        if (end == std::string::npos) {
            if (!decode_chunk() && !client_.receive_more(until)) return std::nullopt;
            continue;
        }
        std::optional<std::string> data;
        for (const std::string& line : split(decoded_.substr(0, end), '\n')) {
            if (!line.starts_with("data:")) continue;
            const std::size_t skip = line.starts_with("data: ") ? 6 : 5;
            data = (data ? *data + "\n" : "") + line.substr(skip);
        }
        decoded_.erase(0, end + 2);
        if (data) return data;
    }
}

std::optional<JsonValue> hear(EventStream& stream, std::string_view name, double seconds) {
    const double until = now() + seconds;
    while (true) {
        const auto data = stream.next(std::max(until - now(), 0.0));
        if (!data) return std::nullopt;
        if (contains(*data, name)) return parse_json(*data);
    }
}

std::vector<std::string> stored_names(ServerProcess& server) {
    std::vector<std::string> names;
    while (true) {
        Exchange reply =
            exchange(get("/api/messages?limit=20&offset=" + std::to_string(names.size())), server);
        expect_status(reply, 200, {"the list of messages"});
        const JsonValue page = parse_json(reply.reply.body).value_or(JsonValue{});
        for (const auto& [_, message] : page["messages"].members)
            names.push_back(message["name"].text);
        if (page["messages"].size() < 20 || names.size() > 100'000) return names;
    }
}
