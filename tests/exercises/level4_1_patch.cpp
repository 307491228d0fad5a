// Exercise 4-1: PATCH changes some fields of a message. The contract is in level4/README.md.
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "settings.hpp"

namespace {

using Kind = JsonValue::Kind;

const std::string patch_type = "application/merge-patch+json";
const Reason merge = {
    "RFC 7396 §2: a member replaces the one of that name, null removes it, and what "
    "is not in the patch stays as it is"};

Exchange patch(const std::string& address, const std::string& body,
               ServerProcess& server = shared_server(), const std::string& type = patch_type) {
    return exchange(with_body("PATCH", address, type, body), server);
}

// Posts a message with all three fields, and returns its address.
std::string new_message(const std::string& name, ServerProcess& server = shared_server(),
                        Where where = Where::here()) {
    const std::string body = "{\"name\": " + json_string(name) +
                             ", \"email\": \"ada@example.com\", \"message\": \"as it was\"}";
    const Exchange reply = exchange(with_body("POST", "/api/messages", json_type, body), server);
    expect_status(reply, 201, {"a good message"}, where);
    return reply.reply.value("Location");
}

JsonValue stored(const std::string& address, ServerProcess& server = shared_server()) {
    return parse_json(exchange(get(address), server).reply.body).value_or(JsonValue{});
}

// The message in the reply, and the one that is there afterwards, have these fields.
void expect_fields(const Exchange& reply, const std::string& address, const Typed& wanted,
                   Where where = Where::here()) {
    expect_status(reply, 200, {"RFC 5789 §2: the change was made", "", address}, where);
    for (const JsonValue& value : {expect_json(reply, merge, where), stored(address)})
        for (const auto& [name, text] :
             {std::pair("name", wanted.name), std::pair("email", wanted.email),
              std::pair("message", wanted.message)})
            expect(value[name].text == text, reply, std::string("\"") + name + "\": " + text,
                   value[name].text, merge, where);
}

// The value that was tried can't be that of the field.
void expect_refused(const Exchange& reply, const std::string& member, const std::string& value) {
    expect_status(reply, 422, {"the rules are those of POST", "", value});
    expect(!expect_json(reply, merge)["fields"][member].is(Kind::nothing), reply,
           "the field in \"fields\"", "it isn't there", {"a program has to know which one"});
}

}  // namespace

TEST_SUITE_BEGIN("exercise 4-1");

TEST_CASE("a PATCH changes the fields that it names, and leaves the others") {
    const std::string name = unique();
    const std::string address = new_message(name);
    const JsonValue before = stored(address);
    expect_fields(patch(address, "{\"message\": \"changed\"}"), address,
                  {name, "ada@example.com", "changed"});
    expect_fields(patch(address, "{\"email\": \"new@example.com\"}"), address,
                  {name, "new@example.com", "changed"});
    const std::string other = unique("Grace");
    expect_fields(patch(address, "{\"message\": \"again\", \"name\": " + json_string(other) + "}"),
                  address, {other, "new@example.com", "again"});
    expect_fields(patch(address, "{}"), address, {other, "new@example.com", "again"});
    const JsonValue after = stored(address);
    for (const char* member : {"id", "created"})
        expect_that(after[member].text == before[member].text,
                    std::string(member) + ": " + before[member].text, after[member].text,
                    {"it is still the same message"});
    expect_shown_as_text(exchange(get("/messages")), other,
                         {"the page shows the message as it is now"});
}

TEST_CASE("null empties the e-mail, and no other field can do without a value") {
    const std::string name = unique();
    const std::string address = new_message(name);
    expect_fields(patch(address, "{\"email\": null}"), address, {name, "", "as it was"});
    for (const std::string member : {"name", "message"}) {
        expect_refused(patch(address, "{\"" + member + "\": null}"), member, "null");
    }
    expect_fields(patch(address, "{}"), address, {name, "", "as it was"});
}

TEST_CASE("a field that can't be as the patch wants it is 422, and nothing has changed") {
    const std::string name = unique();
    const std::string address = new_message(name);
    const std::pair<std::string, std::string> tries[] = {
        {"name", "\"\""},     {"name", "\"  \""},
        {"message", "5"},     {"message", "{\"name\": \"x\"}"},
        {"email", "\"ada\""}, {"email", "[]"},
        {"message", "false"}, {"name", json_string(std::string(101, 'x'))}};
    for (const auto& [member, value] : tries) {
        // The other field is all right, and is not changed either.
        const std::string good =
            member == "message" ? "\"name\": \"good\"" : "\"message\": \"good\"";
        expect_refused(patch(address, "{" + good + ", \"" + member + "\": " + value + "}"), member,
                       value);
    }
    expect_fields(patch(address, "{}"), address, {name, "ada@example.com", "as it was"});
}

TEST_CASE("what a client can't change stays, whatever the patch says of it") {
    const std::string name = unique();
    const std::string address = new_message(name);
    const JsonValue before = stored(address);
    expect_fields(patch(address, "{\"id\": 1, \"created\": null, \"colour\": \"red\"}"), address,
                  {name, "ada@example.com", "as it was"});
    const JsonValue after = stored(address);
    expect_that(
        after["id"].text == before["id"].text && after["created"].text == before["created"].text &&
            after["colour"].is(Kind::nothing),
        "id, created and no colour, as before", after["id"].text + " " + after["created"].text,
        {"members that aren't fields of a message are ignored, as by PUT"});
}

TEST_CASE("a patch that isn't a JSON object is 400") {
    const std::string address = new_message(unique());
    expect_status(patch(address, "{}"), 200, {"the smallest patch"});
    for (const char* body : {"", "{", "[1]", "\"text\"", "null", "5", "{\"name\": \"x\",}"})
        expect_status(
            patch(address, body), 400,
            {"RFC 5789 §2.2: a malformed patch; and one that isn't an object would replace "
             "the message by something else (RFC 7396 §2)",
             "", body});
}

TEST_CASE("only a merge patch is taken, and a 415 says so") {
    const std::string address = new_message(unique());
    expect_status(patch(address, "{}", shared_server(), patch_type + "; charset=utf-8"), 200,
                  {"a parameter changes nothing"});
    for (const std::string& type : {json_type, urlencoded_type, std::string("text/plain"),
                                    std::string("application/json-patch+json")}) {
        const Exchange reply = patch(address, "{}", shared_server(), type);
        expect_status(reply, 415,
                      {"RFC 5789 §2.2: a kind of patch that the server does not know",
                       "compare the media type without its parameters", type});
        expect_field(reply, "Accept-Patch", patch_type,
                     {"SHOULD RFC 5789 §2.2: the reply says which kinds it knows"});
    }
}

TEST_CASE("a message that isn't there is 404, and PATCH is among the methods of one that is") {
    const std::string address = new_message(unique());
    expect_listed(exchange(request("POST", address)), "Allow", "PATCH",
                  {"MUST RFC 9110 §15.5.6: a 405 says what is allowed"});
    expect_status(exchange(request("DELETE", address)), 204, {"it was there"});
    for (const std::string& missing : {address, std::string("/api/messages/999999999")}) {
        const Exchange reply = patch(missing, "{\"message\": \"changed\"}");
        expect_status(reply, 404, {"RFC 5789 §2.2: there is nothing to change"});
        expect_json(reply, {"RFC 8259 §11: everything under /api is JSON, including errors"});
    }
}

TEST_CASE("two clients that change two fields at the same time both succeed") {
    DataFolder data;
    ServerProcess server(launch_alone(data));
    const std::string address = new_message(unique(), server);
    for (int round = 0; round < 20; ++round) {
        const std::string text = "text " + std::to_string(round);
        const std::string email = "round" + std::to_string(round) + "@example.com";
        // Our own server's file is locked for a moment, so that both requests are under way at
        // once.
        std::optional<StoreLock> lock;
        if (round == 0 && !settings().program.empty()) lock.emplace(data);
        Client one(server), other(server);
        one.send(with_body("PATCH", address, patch_type, "{\"message\": \"" + text + "\"}"));
        other.send(with_body("PATCH", address, patch_type, "{\"email\": \"" + email + "\"}"));
        if (lock) {
            let_pass(0.5);
            lock->release();
        }
        for (Client* client : {&one, &other})
            expect_status(client->read_to_end(), 200, {"each of the two is a good change"});
        const JsonValue after = stored(address, server);
        expect_that(after["message"].text == text && after["email"].text == email,
                    text + " and " + email, after["message"].text + " and " + after["email"].text,
                    {"RFC 5789 §2: a PATCH is applied to the message as it is, as one step",
                     "read, change and write under one lock, and not one after the other"});
    }
}

TEST_SUITE_END();
