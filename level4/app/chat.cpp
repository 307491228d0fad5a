// See chat.hpp. The sockets carry JSON. The browser sends {"name", "message"}, and is sent a
// message as the API shows it, or {"error", "field"} if its own was not saved.
#include "app/chat.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../../common/output.hpp"
#include "number.hpp"
#include "websocket/route.hpp"

namespace {

constexpr std::size_t history = 20;       // messages that a client is sent when it joins
constexpr std::size_t most_missed = 200;  // events that a client gets when it is back
constexpr std::size_t most_missed_bytes = 128 * 1024;  // of these events: half an outbox
// Messages that may wait for the disk: of one client, of all that are here, and of those that left.
constexpr std::size_t most_waiting = 100, most_waiting_of_all = 1000, most_waiting_of_left = 1000;

// `field` says which field the error is about. It is empty if that is none of them.
void send_error(const WebSocketHandlers::Client& client, const std::string& explanation,
                const std::string& field = "") {
    Json error{{"error", explanation}};
    if (!field.empty()) error.set("field", field);
    client->send_text(error.dump());
}

// Either what a message says, or what is wrong with it.
struct ParsedMessage {
    MessageFields fields;
    std::string mistake;
    std::string field = {};  // the one with the mistake
};

// A member that is missing counts as empty, as in the form and in the API.
ParsedMessage parse_message(std::string_view text) {
    try {
        Json values = Json::parse(text);  // this also checks that it is UTF-8
        for (const char* const name : {"name", "message"}) {
            const auto* const member = values.find(name);
            if (member == nullptr || member->is_null()) values.set(name, "");
            if (!values.at(name).is_string()) return {{}, "This must be a string.", name};
        }
        MessageFields fields =
            tidy({values.at("name").as_string(), "", values.at("message").as_string()});
        const Json mistakes = find_mistakes(fields);
        if (mistakes.as_object().empty()) return {std::move(fields), ""};
        const auto& [field, mistake] = mistakes.as_object().front();
        return {{}, mistake.as_string(), field};
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
    router.get("/ws/chat", websocket(handlers(), socket_limits_));
    router.get("/ws/echo", websocket(echo_handlers(), socket_limits_));
}

WebSocketHandlers Chat::handlers() {
    WebSocketHandlers chat;
    chat.on_open = [this](const Client& client) { welcome(client); };
    chat.on_message = [this](const Client& client, std::string_view message, bool) {
        take_message(client, message);
    };
    chat.on_close = [this](const Client& client, std::uint16_t code, std::string_view) {
        leave(client, code);
    };
    return chat;
}

void Chat::announce(const Message& message) {
    const std::string text = to_json(message).dump();
    room_.broadcast(text_message(text));
    events_.publish({message.id, text});
}

// A client that was connected before gets what it missed, once that was read from the disk. One
// that says something else than an id in Last-Event-ID has missed nothing that we know of.
Response Chat::subscribe(const Request& request) {
    const auto* const field = request.headers.find_single("Last-Event-ID");
    const auto id = field != nullptr ? parse_number<std::int64_t>(*field) : std::nullopt;
    if (!id) return events_.subscribe();
    const auto line = std::make_shared<WorkerPool::Line>();
    auto back = events_.resubscribe(line);
    reader_.submit({{line, [this, id = *id, client = back.client] {
                         events_.catch_up(*client, events_since(id));
                     }}});
    return std::move(back.response);
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
    const std::lock_guard lock(mutex_);
    reader_.submit({{members_[client].to_read, [this, client] { send_history(client); }}});
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
    const auto refusal = take_place(client);
    if (!refusal.empty()) return send_error(client, refusal);
    const auto verdict = limiter_.count(client->peer());
    if (!verdict.allowed) {
        give_place_back(client);
        return send_error(client, "Too many messages. " + try_again(verdict.reset));
    }
    submit(client, [this, client, parsed = parse_message(text)] {
        const auto problem = parsed.mistake.empty() ? save(parsed.fields) : parsed.mistake;
        if (!problem.empty()) send_error(client, problem, parsed.field);
        give_place_back(client);
    });
}

// --rate-limit may be off, and the disk slow. Without these limits messages that wait for it could
// fill the memory. Returns why there is no place, in words for the client; empty if there is one.
std::string Chat::take_place(const Client& client) {
    const std::lock_guard lock(mutex_);
    Member& member = members_[client];
    if (member.waiting == most_waiting) return "Too many messages at once; this one was not saved.";
    if (waiting_ == most_waiting_of_all) {
        return "The chat is busy; this message was not saved. Please try again.";
    }
    ++member.waiting;
    ++waiting_;
    return "";
}

// Unless its client has left: then leave() has done it.
void Chat::give_place_back(const Client& client) {
    const std::lock_guard lock(mutex_);
    const auto member = members_.find(client);
    if (member == members_.end()) return;
    --member->second.waiting;
    --waiting_;
}

// By way of the reader, so that no client hears a message before a history that it asked for
// earlier.
void Chat::submit(const Client& client, std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    const Member& member = members_[client];
    auto pass_on = [this, line = std::weak_ptr(member.to_write), work = std::move(work)]() mutable {
        if (const auto there = line.lock()) writer_.submit({{there, std::move(work)}});
    };
    reader_.submit({{member.to_read, std::move(pass_on)}});
}

// When the last owner of a line goes, what waits in it is dropped, as it should be if the client
// broke off. If it said goodbye, its lines are kept in goodbyes_, and its messages are saved.
void Chat::leave(const Client& client, std::uint16_t code) {
    room_.leave(client);
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(client);
    if (found == members_.end()) return;
    const Member member = std::move(found->second);
    members_.erase(found);
    waiting_ -= member.waiting;
    const bool said_goodbye =
        code == close_code::normal || code == close_code::going_away || code == close_code::none;
    if (!said_goodbye || member.waiting == 0) return;
    goodbyes_.push_back(member);
    waiting_since_goodbye_ += member.waiting;
    while (waiting_since_goodbye_ > most_waiting_of_left) {
        waiting_since_goodbye_ -= goodbyes_.front().waiting;
        goodbyes_.pop_front();
    }
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
