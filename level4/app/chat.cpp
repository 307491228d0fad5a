// See chat.hpp. What goes over the sockets is JSON: {"name", "message"} from the browser, a
// message as the API shows it to the browser, or {"error"} with what is wrong.
#include "app/chat.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "../../common/output.hpp"
#include "app/message_fields.hpp"
#include "websocket/route.hpp"

namespace {

constexpr std::size_t history = 20;        // messages that whoever joins is shown
constexpr std::size_t most_waiting = 100;  // messages of one visitor that wait for the disk

}  // namespace

void Chat::add_routes(Router& router) {
    router.get("/chat", [this](const Request&) {
        return Response::html(
            templates_.render_template("chat.html", Json{{"title", "Chat"}, {"at_chat", true}}));
    });
    router.get("/api/messages/events", [this](const Request&) { return events_.subscribe(); });

    WebSocketHandlers chat;
    chat.on_open = [this](const WebSocketHandlers::Client& client) {
        room_.join(client);  // first, or a message could be missed; the page drops what comes twice
        writer_.submit({[this, client] { send_history(client); }});
    };
    chat.on_message = [this](const WebSocketHandlers::Client& client, std::string_view message,
                             bool) {
        if (message.size() > most_json || !may_write(client)) {
            client->send_text(Json{{"error", "Too much at once. Nothing was kept."}}.dump());
            return;
        }
        take_message(client, message);
    };
    chat.on_close = [this](const WebSocketHandlers::Client& client, std::uint16_t,
                           std::string_view) { room_.leave(client); };
    router.get("/ws/chat", websocket(std::move(chat)));

    WebSocketHandlers echo;
    echo.on_message = [](const WebSocketHandlers::Client& client, std::string_view message,
                         bool is_text) {
        if (is_text)
            client->send_text(message);
        else
            client->send_binary(message);
    };
    router.get("/ws/echo", websocket(std::move(echo)));
}

void Chat::announce(const Message& message) {
    const std::string text = to_json(message).dump();
    room_.broadcast(text);
    events_.publish(text);
}

void Chat::send_history(const WebSocketHandlers::Client& client) {
    auto messages = store_.newest(0, history);
    std::reverse(messages.begin(), messages.end());
    for (const auto& message : messages) client->send_text(to_json(message).dump());
}

// --rate-limit counts requests, and a message in a socket is none. Without a limit of its own one
// visitor could fill the memory with messages that wait for the disk.
bool Chat::may_write(const WebSocketHandlers::Client& client) {
    const std::lock_guard lock(mutex_);
    auto& waiting = waiting_[client];
    if (waiting == most_waiting) return false;
    ++waiting;
    return true;
}

void Chat::has_written(const WebSocketHandlers::Client& client) {
    const std::lock_guard lock(mutex_);
    if (--waiting_[client] == 0) waiting_.erase(client);
}

// Only what is to be kept waits in the queue, not the bytes that came: 64 KiB may hold two words.
void Chat::take_message(const WebSocketHandlers::Client& client, std::string_view text) {
    MessageFields fields;
    std::string mistake;
    try {
        const Json values = Json::parse(text);  // which also checks that it is UTF-8
        fields = tidy({values.at("name").as_string(), "", values.at("message").as_string()});
        const Json mistakes = find_mistakes(fields);
        if (!mistakes.as_object().empty()) mistake = mistakes.as_object().front().value.as_string();
    } catch (const JsonError& error) {
        mistake = error.what();
    }
    if (!mistake.empty()) fields = {};
    writer_.submit({[this, client, fields, mistake] {
        const auto problem = mistake.empty() ? store(fields) : mistake;
        if (!problem.empty()) client->send_text(Json{{"error", problem}}.dump());
        has_written(client);
    }});
}

// What went wrong; empty if nothing did.
std::string Chat::store(const MessageFields& fields) {
    try {
        announce(store_.add(fields.name, fields.email, fields.message));
        return "";
    } catch (const std::exception& error) {
        print_error(std::string("The chat: ") + error.what());
        return "The server could not keep your message.";
    }
}
