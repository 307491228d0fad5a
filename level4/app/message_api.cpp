// See message_api.hpp.
#include "app/message_api.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "app/message_fields.hpp"
#include "body/field_value.hpp"
#include "conditions.hpp"
#include "handler.hpp"
#include "number.hpp"
#include "url.hpp"

namespace {

Response as_response(const Json& value, int status = 200) {
    return Response::json(value.dump() + "\n", status);
}

std::int64_t id_of(const Request& request) {
    return std::stoll(request.params.at("id"));
}

Response no_such_message(const Request& request) {
    return Response::error(404, "There is no message " + request.params.at("id") + ".");
}

// A number in the query, or `otherwise` if it is missing.
std::size_t number_in_query(const Request& request, const char* name, std::size_t otherwise,
                            std::size_t most) {
    const auto text = query_value(request.query, name);
    if (!text) return otherwise;
    const auto number = parse_number<std::size_t>(*text);
    if (!number || *number > most) {
        throw HttpError(
            400, std::string(name) + " must be a number up to " + std::to_string(most) + ".");
    }
    return *number;
}

// A message as the client sent it, and what is wrong with it: an object with a member for each
// field.
struct Sent {
    MessageFields fields;
    Json mistakes;
};

// The message in a request's body. A missing field counts as empty. A body that isn't an object is
// 400.
Sent read_message(const Request& request) {
    const auto* const type = request.headers.find("Content-Type");
    if (type == nullptr || parse_media_type(*type).value != "application/json") {
        throw HttpError(415, "Send application/json.", "application/json");
    }
    if (request.body.size() > most_json) throw HttpError(413, "The message is too large.");
    try {
        const Json body = Json::parse(request.body);
        body.as_object();
        Json wrong_kinds = Json::object();
        const auto text = [&](const char* name) -> std::string {
            const auto* const member = body.find(name);
            if (member == nullptr || member->is_null()) return "";
            if (member->is_string()) return member->as_string();
            wrong_kinds.set(name, "This must be a string.");
            return "";
        };
        const auto fields = tidy({text("name"), text("email"), text("message")});
        Json mistakes = find_mistakes(fields);
        for (const auto& [name, why] : wrong_kinds.as_object()) mistakes.set(name, why);
        return {fields, std::move(mistakes)};
    } catch (const JsonError& error) {
        throw HttpError(400, error.what());
    }
}

// 422 with a reason for each invalid field.
Response invalid(const Json& mistakes) {
    const Json error{{"status", 422}, {"message", "Some fields are invalid."}};
    return as_response(Json{{"error", error}, {"fields", mistakes}}, 422);
}

Response list_messages(const Request& request, MessageStore& store) {
    const auto limit = number_in_query(request, "limit", 20, 100);
    const auto offset = number_in_query(request, "offset", 0, PTRDIFF_MAX);  // JSON writes no more
    Json::Array messages;
    for (const auto& message : store.newest(offset, limit, request.received))
        messages.push_back(to_json(message));
    Json list = Json::object();
    list.set("messages", std::move(messages));
    list.set("total", store.total(request.received));
    list.set("limit", limit);
    list.set("offset", offset);
    return as_response(list);
}

Response add_message(const Request& request, MessageStore& store, Chat& chat) {
    const auto [fields, mistakes] = read_message(request);
    if (!mistakes.as_object().empty()) return invalid(mistakes);
    const auto message = store.add(fields.name, fields.email, fields.message, request.received);
    chat.announce();
    auto response = as_response(to_json(message), 201);
    response.headers.add("Location", "/api/messages/" + std::to_string(message.id));
    return response;
}

Response show_message(const Request& request, MessageStore& store) {
    const auto message = store.find(id_of(request), request.received);
    return message ? as_response(to_json(*message)) : no_such_message(request);
}

// For a client that wants to change one version of a message only. Messages have no ETags, so
// If-Match holds only as *, which any message meets. If-None-Match: * wants that there is none
// (RFC 9110 §13.1.1, §13.1.2).
void check_that_it_may_change(const Request& request, MessageStore& store) {
    if (check_conditions(request.headers, "", std::nullopt) == 200) return;
    if (!store.find(id_of(request), request.received)) return;  // 404 goes first (§13.2.1)
    throw HttpError(412, "Messages have no ETags, so no version of this one can be asked for.");
}

Response change_message(const Request& request, MessageStore& store) {
    const auto [fields, mistakes] = read_message(request);
    if (!mistakes.as_object().empty()) return invalid(mistakes);
    check_that_it_may_change(request, store);
    const auto message =
        store.update(id_of(request), fields.name, fields.email, fields.message, request.received);
    return message ? as_response(to_json(*message)) : no_such_message(request);
}

Response remove_message(const Request& request, MessageStore& store) {
    check_that_it_may_change(request, store);
    return store.remove(id_of(request), request.received) ? Response{204, {}, ""}
                                                          : no_such_message(request);
}

}  // namespace

void add_message_api(RouteGroup api, MessageStore& store, Chat& chat) {
    const auto with_store = [&store](Response (*handler)(const Request&, MessageStore&)) {
        return [&store, handler](const Request& request) { return handler(request, store); };
    };
    RouteGroup waits = api.in_worker();
    waits.get("/messages", with_store(list_messages));
    waits.post("/messages", [&store, &chat](const Request& request) {
        return add_message(request, store, chat);
    });
    waits.get("/messages/{id:int}", with_store(show_message));
    waits.put("/messages/{id:int}", with_store(change_message));
    waits.del("/messages/{id:int}", with_store(remove_message));
}
