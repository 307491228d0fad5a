// See chat.hpp. The sockets carry JSON. The browser sends {"name", "message"}, and is sent a
// message as the API shows it, or {"error", "field"} if its own was not saved.
#include "app/chat.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "../../common/output.hpp"
#include "number.hpp"
#include "websocket/route.hpp"

namespace {

constexpr std::size_t history = 20;  // messages that a client is sent when it joins
constexpr std::size_t piece = 10;    // messages that are read at a time
// If more messages than this are new, another program has written them. Only the newest are told.
constexpr std::size_t most_new = 2000;
// Longer ones, in bytes of JSON, are left out. Only another program can have written them.
constexpr std::size_t longest_told = 64 * 1024;
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

// If work for a client fails in another thread, the client would wait for ever for what that thread
// was to tell it. So it is dropped. A page then connects again, and gets what it missed.
std::function<void()> or_drop(std::shared_ptr<Outbox> client, std::function<void()> work) {
    return [client = std::move(client), work = std::move(work)] {
        try {
            work();
        } catch (const std::exception& error) {
            client->drop();
            print_error("A client of the chat was dropped", error.what());
        }
    };
}

WebSocketHandlers echo_handlers() {
    WebSocketHandlers echo;
    echo.on_message = [](const auto& client, std::string_view message, bool is_text) {
        is_text ? client->send_text(message) : client->send_binary(message);
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

// Several threads write at once, and the one with the first id isn't always the first to come here.
// The first to come announces what the others have written, and they find nothing left to do.
// If that fails, it isn't the writer's mistake. The message is saved, and will be announced.
void Chat::announce() {
    try {
        announce_new();
    } catch (const std::exception& error) {
        print_error("New messages could not be shown", error.what());
        announce_later();
    }
}

void Chat::announce_new() {
    const std::lock_guard lock(announcing_);
    for (;;) {
        const auto events = written_after(announced_);
        for (const Event& event : events) {
            if (event.data.size() <= longest_told) {
                // What needs memory comes first, so that some clients don't get it twice.
                const auto text = text_message(event.data);
                events_.publish(event);
                room_.broadcast(text);
            }
            announced_ = event.id;
        }
        if (events.size() < piece) return;
        announced_ = std::max(announced_.load(), id_before_newest(most_new));
    }
}

// Tries again in a second, until it works. (Others that want messages read have to wait meanwhile,
// but would most likely fail for the same reason.)
void Chat::announce_later() try {
    if (ends_ || announces_later_.exchange(true)) return;
    reader_.submit({{later_, [this] {
                         std::this_thread::sleep_for(std::chrono::seconds(1));
                         announces_later_ = false;
                         announce();
                     }}});
} catch (const std::exception&) {
    announces_later_ = false;  // the next message brings this one along
}

// The next messages, at most `piece` of them, the oldest first.
std::vector<Event> Chat::written_after(std::int64_t id) {
    std::vector<Event> events;
    for (const auto& message : store_.after(id, piece))
        events.push_back({message.id, to_json(message).dump()});
    return events;
}

// The id of the message before the newest `count`. 0 if there is none.
std::int64_t Chat::id_before_newest(std::size_t count) {
    const auto found = store_.newest(count, 1);
    return found.empty() ? 0 : found.front().id;
}

// Tells a client of the next messages that the others have been told of. The client joins them when
// it knows all of these. If there are too many for now, this is done again when it has taken what it
// was sent, so that a client that is far behind costs no memory. (One that speaks before that may be
// told of a mistake before it hears its own messages.) What is written but not announced yet comes
// after it has joined.
void Chat::bring_up_to_date(Latecomer latecomer) {
    const bool has_missed = announced_ > latecomer.announced_before;  // since it came
    announce_new();  // what another process may have written
    std::int64_t told = latecomer.told ? *latecomer.told : id_before_newest(history);
    if (!latecomer.told && has_missed) told = std::min(told, latecomer.announced_before);
    for (;;) {
        std::unique_lock lock(announcing_);
        const std::int64_t last = announced_;
        if (told >= last) return latecomer.join();
        lock.unlock();
        const auto events = written_after(told);
        for (const Event& event : events) {
            if (event.id <= last && event.data.size() <= longest_told) latecomer.tell(event);
        }
        told = events.empty() ? last : std::min(last, events.back().id);
        if (told < last) break;
    }
    latecomer.told = told;
    const auto client = latecomer.client;
    client->when_empty([this, latecomer = std::move(latecomer)] { read_for(latecomer); });
}

void Chat::read_for(Latecomer latecomer) {
    const auto line = latecomer.line.lock();
    if (!line) return;
    const auto client = latecomer.client;
    reader_.submit({{line, or_drop(client, [this, latecomer = std::move(latecomer)] {
                         bring_up_to_date(latecomer);
                     })}});
}

// A client that was connected before gets what it missed. One that says something else than an id
// in Last-Event-ID has missed nothing that we know of.
Response Chat::subscribe(const Request& request) {
    const auto* const field = request.headers.find_single("Last-Event-ID");
    const auto id = field != nullptr ? parse_number<std::int64_t>(*field) : std::nullopt;
    if (!id) return events_.subscribe();
    const auto line = std::make_shared<WorkerPool::Line>();
    auto stream = events_.invite(line);
    const auto client = stream.client;
    const auto tell = [client](const Event& event) { EventChannel::send(*client, event); };
    read_for({client, line, tell, [this, client] { events_.join(client); }, *id});
    return std::move(stream.response);
}

void Chat::welcome(const Client& client) {
    const std::lock_guard lock(mutex_);
    const auto tell = [client](const Event& event) { client->send_text(event.data); };
    const auto join = [this, client] { room_.join(client); };
    read_for({client, members_[client].to_read, tell, join, {}, announced_});
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
    auto pass_on = [this, line = std::weak_ptr(member.to_write),
                    work = or_drop(client, std::move(work))]() mutable {
        if (const auto there = line.lock()) writer_.submit({{there, std::move(work)}});
    };
    reader_.submit({{member.to_read, or_drop(client, std::move(pass_on))}});
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
    const bool said_goodbye = code == close_code::normal || code == close_code::going_away ||
                              code == close_code::none || code >= close_code::first_private;
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
        store_.add(fields.name, fields.email, fields.message);
    } catch (const std::exception& error) {
        print_error("The chat could not save a message", error.what());
        return "Your message could not be saved.";
    }
    announce();
    return "";
}
