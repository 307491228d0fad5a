// See chat.hpp. The sockets carry JSON. The browser sends {"name", "message"}, and is sent a
// message as the API shows it, or {"error"} if its own was not saved.
#include "app/chat.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../../common/output.hpp"
#include "number.hpp"
#include "websocket/route.hpp"

namespace {

constexpr std::size_t history = 20;       // messages that a client is sent when it joins
constexpr std::size_t most_missed = 200;  // events that a client gets when it is back ...
constexpr std::size_t most_missed_bytes = 128 * 1024;  // ... half of what may wait for it
constexpr std::size_t most_waiting = 100;  // messages of one client that wait for the disk

void send_error(const WebSocketHandlers::Client& client, const std::string& explanation) {
    client->send_text(Json{{"error", explanation}}.dump());
}

// Either what a message says, or what is wrong with it.
struct ParsedMessage {
    MessageFields fields;
    std::string mistake;
};

ParsedMessage parse_message(std::string_view text) {
    try {
        const Json values = Json::parse(text);  // this also checks that it is UTF-8
        MessageFields fields =
            tidy({values.at("name").as_string(), "", values.at("message").as_string()});
        const Json mistakes = find_mistakes(fields);
        if (mistakes.as_object().empty()) return {std::move(fields), ""};
        return {{}, mistakes.as_object().front().value.as_string()};
    } catch (const JsonError& error) {
        return {{}, error.what()};
    }
}

WebSocketHandlers echo_handlers() {
    WebSocketHandlers echo;
    echo.on_message = [](const auto& client, std::string_view message, bool is_text) {
        if (is_text)
            client->send_text(message);
        else
            client->send_binary(message);
    };
    return echo;
}

}  // namespace

void Chat::add_routes(Router& router) {
    router.get("/chat", [this](const Request&) {
        return Response::html(
            templates_.render_template("chat.html", Json{{"title", "Chat"}, {"at_chat", true}}));
    });
    router.get("/api/messages/events",
               [this](const Request& request) { return subscribe(request); });
    router.get("/ws/chat", websocket(handlers()));
    router.get("/ws/echo", websocket(echo_handlers()));
}

WebSocketHandlers Chat::handlers() {
    WebSocketHandlers chat;
    chat.on_open = [this](const Client& client) { welcome(client); };
    chat.on_message = [this](const Client& client, std::string_view message, bool) {
        take_message(client, message);
    };
    chat.on_close = [this](const Client& client, std::uint16_t, std::string_view) {
        room_.leave(client);
    };
    return chat;
}

void Chat::announce(const Message& message) {
    const std::string text = to_json(message).dump();
    room_.broadcast(text_message(text));
    events_.publish({message.id, text});
}

// A client that was connected before gets what it missed, once that was read from the disk. One that
// says something else than an id in Last-Event-ID has missed nothing that we know of.
Response Chat::subscribe(const Request& request) {
    const auto* const field = request.headers.find("Last-Event-ID");
    const auto id = field != nullptr ? parse_number<std::int64_t>(*field) : std::nullopt;
    if (!id) return events_.subscribe();
    std::shared_ptr<EventChannel::Returning> returning;
    auto response = events_.subscribe(returning);
    writer_.submit(
        {[this, id = *id, returning] { events_.catch_up(*returning, events_since(id)); }});
    return response;
}

// The oldest first. If the disk fails, it is none, and the client goes on from here.
std::vector<Event> Chat::events_since(std::int64_t id) try {
    std::vector<Event> events;
    std::size_t bytes = 0;
    for (const auto& message : store_.newest(0, most_missed)) {
        if (message.id <= id) break;
        std::string text = to_json(message).dump();
        bytes += text.size() + 100;  // its id, and what an outbox adds
        if (bytes > most_missed_bytes) break;
        events.push_back({message.id, std::move(text)});
    }
    std::reverse(events.begin(), events.end());
    return events;
} catch (const std::exception& error) {
    print_error(std::string("The events that a client missed could not be read: ") + error.what());
    return {};
}

// A client joins before it is sent the history, or it could miss what is written between the two.
// The page ignores a message that it gets twice.
void Chat::welcome(const Client& client) {
    room_.join(client);
    writer_.submit({[this, client] { send_history(client); }});
}

void Chat::send_history(const Client& client) {
    auto messages = store_.newest(0, history);
    std::reverse(messages.begin(), messages.end());
    for (const auto& message : messages) client->send_text(to_json(message).dump());
}

// Only what is to be saved waits for the disk, not the bytes that came, because 64 KiB of JSON may
// hold two words. Mistakes wait as well, so that the answers keep the order of the messages.
void Chat::take_message(const Client& client, std::string_view text) {
    if (text.size() > most_json) return send_error(client, "This message is too long.");
    if (!may_write(client)) {
        return send_error(client, "Too many messages at once; this one was not saved.");
    }
    const auto verdict = limiter_.count(client->peer());
    if (!verdict.allowed) {
        has_written(client);
        return send_error(client, "Too many messages. " + try_again(verdict.reset));
    }
    writer_.submit({[this, client, parsed = parse_message(text)] {
        const auto problem = parsed.mistake.empty() ? save(parsed.fields) : parsed.mistake;
        if (!problem.empty()) send_error(client, problem);
        has_written(client);
    }});
}

// --rate-limit may be off, and the disk slow. Without this limit a single client could fill the
// memory with messages that wait for it.
bool Chat::may_write(const Client& client) {
    const std::lock_guard lock(mutex_);
    auto& waiting = waiting_[client];
    if (waiting == most_waiting) return false;
    ++waiting;
    return true;
}

void Chat::has_written(const Client& client) {
    const std::lock_guard lock(mutex_);
    if (--waiting_[client] == 0) waiting_.erase(client);
}

// Returns what went wrong, in words for the client. Empty if nothing did.
std::string Chat::save(const MessageFields& fields) {
    try {
        announce(store_.add(fields.name, fields.email, fields.message));
        return "";
    } catch (const std::exception& error) {
        print_error("The chat could not save a message", error.what());
        return "Your message could not be saved.";
    }
}
