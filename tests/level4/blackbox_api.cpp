// The JSON API of the guestbook. What it stores comes back unchanged, and what it refuses is
// explained in JSON. The pages that show the same messages are in blackbox_messages.cpp.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "text.hpp"

namespace {

using Kind = JsonValue::Kind;

const Reason is_json = {"RFC 8259 §11: everything under /api is JSON, including errors",
                        "a program that expects JSON would crash on a page of HTML"};

std::string object_of(const Typed& typed) {
    return "{\"name\": " + json_string(typed.name) + ", \"email\": " + json_string(typed.email) +
           ", \"message\": " + json_string(typed.message) + "}";
}

Exchange send_json(const std::string& method, const std::string& target, const std::string& body) {
    return exchange(with_body(method, target, json_type, body));
}

// Posts a message, and returns its address.
std::string post(const Typed& typed, Where where = Where::here()) {
    Exchange reply = send_json("POST", "/api/messages", object_of(typed));
    expect_status(reply, 201, {"SHOULD RFC 9110 §15.3.2: something new was created"}, where);
    return reply.reply.value("Location");
}

void expect_message(const Exchange& exchange, const JsonValue& value, const Typed& typed,
                    Where where = Where::here()) {
    for (const auto& [name, wanted] :
         {std::pair("name", typed.name), std::pair("email", typed.email),
          std::pair("message", typed.message)})
        expect(value[name].is(Kind::string) && value[name].text == wanted, exchange,
               std::string("\"") + name + "\": " + visible(wanted), visible(value[name].text),
               {"what was stored comes back, character by character"}, where);
    expect(value["id"].is(Kind::number), exchange, "a number \"id\"", visible(value["id"].text),
           {"the server adds it"}, where);
    expect(!value["created"].is(Kind::nothing), exchange, "a time \"created\", in any form", "none",
           {"the server adds it"}, where);
}

// An error of the API: the status, and an object with the member "error".
JsonValue expect_error(const Exchange& reply, const Statuses& statuses, const Reason& reason,
                       Where where = Where::here()) {
    expect_status(reply, statuses, reason, where);
    JsonValue value = expect_json(reply, is_json, where);
    expect(!value["error"].is(Kind::nothing), reply, "an object with a member \"error\"",
           "another value", is_json, where);
    return value;
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 3 the guestbook and its API");

TEST_CASE("a message that is posted as JSON is 201, with its address and its content") {
    Typed typed{unique(), "ada@example.com", "line one\nline two"};
    Exchange reply = send_json("POST", "/api/messages", object_of(typed));
    expect_status(reply, 201, {"SHOULD RFC 9110 §15.3.2: something new was created"});
    JsonValue value = expect_json(reply, is_json);
    expect_message(reply, value, typed);
    std::string address = "/api/messages/" + value["id"].text;
    expect_field(reply, "Location", address, {"SHOULD RFC 9110 §10.2.2: where the new thing is"});
    Exchange again = exchange(get(address));
    expect_status(again, 200, {"it is there"});
    expect_message(again, expect_json(again, is_json), typed);
}

TEST_CASE("any text survives the way into the store and out of it") {
    const std::string texts[] = {"J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
                                 "\"quoted\" \\backslash\\ /slash/ 'single'",
                                 "</script><script>alert(1)</script> &amp; &lt;",
                                 "{{name}} {{{name}}} %s %41 + \\n \\u0041",
                                 "line\xe2\x80\xa8separator\xef\xbf\xbd"};
    for (const std::string& text : texts) {
        Typed typed{text + unique(""), "", text};
        std::string address = post(typed);
        Exchange reply = exchange(get(address));
        expect_message(reply, expect_json(reply, is_json), typed);
        visit(typed);  // the same through the form
        Exchange list = exchange(get("/api/messages?limit=1"));
        JsonValue messages = expect_json(list, is_json)["messages"];
        if (messages.size() == 1) expect_message(list, messages[0], typed);
        expect_shown_as_text(exchange(get("/messages")), typed.name,
                             {"decoded once on the way in, escaped once on the way out"});
    }
}

TEST_CASE("JSON escapes in a request are decoded") {
    std::string tail = unique("");
    Exchange reply = send_json("POST", "/api/messages",
                               "{\"message\":\"\\u00fc\\ud83d\\ude00\\\"\\/\",\n\t\"extra\": [1, "
                               "{}, null],\"name\":\"\\u0041da" +
                                   tail + "\"}");
    expect_status(reply, 201,
                  {"MUST RFC 8259 §7: \\u escapes, in pairs past U+FFFF; any white space"});
    expect_message(reply, expect_json(reply, is_json),
                   {"Ada" + tail, "", "\xc3\xbc\xf0\x9f\x98\x80\"/"});
}

TEST_CASE("a member that a message doesn't have is ignored, whatever it is called") {
    const Typed typed{unique()};
    for (const char* unknown : {"constructor", "__proto__"}) {
        const std::string member = std::string("{\"") + unknown + "\": {\"name\": \"Eve\"}, ";
        Exchange reply = send_json("POST", "/api/messages", member + object_of(typed).substr(1));
        expect_status(reply, 201, {"what a program doesn't know of can't be wrong"});
        expect_message(reply, expect_json(reply, is_json), typed);
        expect_error(send_json("POST", "/api/messages", member + "\"message\": \"m\"}"), 422,
                     {"there is no name",
                      "in JavaScript don't copy members one by one: __proto__ isn't like others"});
    }
}

TEST_CASE("a message of 2000 characters is accepted, also with JSON's escapes") {
    for (const char* emoji : {"\xf0\x9f\x8e\x89", "\\ud83c\\udf89"}) {
        const std::string name = unique();
        Exchange reply = send_json("POST", "/api/messages",
                                   "{\"name\": " + json_string(name) + ", \"message\": \"" +
                                       repeated(emoji, 2000) + "\"}");
        expect_status(reply, 201,
                      {"characters count, not bytes, and an emoji has 4 bytes, or 12 as escapes",
                       "let the JSON have 32 KiB, and judge the message once it is parsed"});
        expect_message(reply, expect_json(reply, is_json),
                       {name, "", repeated("\xf0\x9f\x8e\x89", 2000)});
    }
}

TEST_CASE("PUT without an e-mail leaves the message without one") {
    const std::string address = post({unique(), "ada@example.com", "with an e-mail"});
    const std::string name = unique();
    const std::string without =
        "{\"name\": " + json_string(name) + ", \"message\": \"without one\"}";
    Exchange reply = send_json("PUT", address, without);
    expect_status(reply, 200, {"the e-mail is optional"});
    expect_message(reply, expect_json(reply, is_json), {name, "", "without one"});
    Exchange again = exchange(get(address));
    expect_message(again, expect_json(again, is_json), {name, "", "without one"});
}

TEST_CASE("PUT replaces a message, DELETE removes it for good") {
    std::string address = post({unique()});
    Typed changed{unique("Grace"), "grace@example.com", "changed"};
    Exchange reply = send_json("PUT", address, object_of(changed));
    expect_status(reply, 200, {"SHOULD RFC 9110 §9.3.4: PUT replaces what is at this address"});
    expect_message(reply, expect_json(reply, is_json), changed);
    Exchange again = exchange(get(address));
    expect_message(again, expect_json(again, is_json), changed);
    expect_error(send_json("PUT", address, "{\"name\": \"\", \"message\": \"m\"}"), 422,
                 {"the rules are those of POST"});

    Exchange removed = exchange(request("DELETE", address));
    expect_status(removed, 204, {"RFC 9110 §15.3.5: done, and nothing to say"});
    expect_one_reply_then_close(removed, {"MUST RFC 9110 §15.3.5: 204 has no body"});
    for (const std::string& bytes : {get(address), request("DELETE", address),
                                     with_body("PUT", address, json_type, object_of(changed))})
        expect_error(exchange(bytes), 404, {"SHOULD RFC 9110 §15.5.5: it is gone"});
    expect_not_in_reply(exchange(get("/messages")), changed.name, {"it is gone from the page"});
    std::string next = post({unique()});
    expect_that(next != address, "a new address for a new message", next,
                {"if an id is used again, old links show another visitor's message",
                 "remember the greatest id ever given, not the number of messages"});
}

TEST_CASE("a message whose version isn't the one that If-Match asks for stays as it is") {
    const Typed first{unique()};
    const std::string address = post(first);
    const std::string change = object_of({unique("Grace")});
    for (const std::string condition :
         {"If-Match: \"no-such-version\"", "If-Match: W/\"*\"", "If-None-Match: *"}) {
        const std::string put = request("PUT", address,
                                        {condition, "Content-Type: " + std::string(json_type),
                                         "Content-Length: " + std::to_string(change.size())}) +
                                change;
        for (const std::string& bytes : {put, request("DELETE", address, {condition})}) {
            expect_error(exchange(bytes), 412,
                         {"MUST RFC 9110 §13.1.1, §13.1.2: a method whose condition is false isn't "
                          "performed",
                          "without an ETag for messages, If-Match holds only as *, and "
                          "If-None-Match: * never"});
        }
    }
    Exchange still = exchange(get(address));
    expect_message(still, expect_json(still, is_json), first);
    expect_error(exchange(request("DELETE", "/api/messages/999999999999", {"If-Match: \"x\""})),
                 404, {"RFC 9110 §13.2.1: conditions count only where the answer would be 2xx"});
    expect_status(exchange(request("DELETE", address, {"If-Match: *"})), 204,
                  {"RFC 9110 §13.1.1: there is a version, so If-Match: * holds"});
}

TEST_CASE("an id that does not exist is 404") {
    for (const std::string id :
         {"999999999999", "0", "-1", "abc", "1x", "%31x", "99999999999999999999999999", "1/2"})
        expect_error(exchange(get("/api/messages/" + id)), 404,
                     {"{id:int} matches whole numbers, and there is no such message", "", id});
    expect_error(exchange(get("/api/nothing/here")), 404, {"there is nothing else under /api"});
}

TEST_CASE("a method that the API does not have is 405 with Allow") {
    std::string one = post({unique()});
    struct Row {
        std::string method, target;
        std::vector<std::string> allowed;
    };
    for (const Row& row : {Row{"POST", one, {"GET", "PUT", "DELETE"}},
                           Row{"PATCH", "/api/messages", {"GET", "POST"}},
                           Row{"PUT", "/api/messages", {"GET", "POST"}},
                           Row{"DELETE", "/api/messages", {"GET", "POST"}}}) {
        Exchange reply = send_json(row.method, row.target, "{}");
        expect_error(reply, 405,
                     {"SHOULD RFC 9110 §15.5.6: the address is there, the method is not"});
        for (const std::string& method : row.allowed)
            expect_listed(reply, "Allow", method, {"MUST RFC 9110 §10.2.1: a 405 has an Allow"});
    }
}

TEST_CASE("what is not JSON is 400, and the error says where") {
    struct Row {
        std::string body, line;
    };
    for (const Row& row : {Row{"", "1"},
                           Row{"{", "1"},
                           Row{"name=Ada", "1"},
                           Row{"{\"name\": \"Ada\",}", "1"},
                           Row{"{\n  \"name\": 'Ada'\n}", "2"},
                           Row{"{\n\n\"name\": \"a\nb\"}", "3"},
                           Row{"{\"name\": \"Ada\"} x", "1"},
                           Row{"{\"name\": \"\\ud800\"}", "1"},
                           Row{"{\"name\": 01}", "1"},
                           Row{"{\"name\": \"\\x41\"}", "1"},
                           Row{"{\"name\": \"\\q\"}", "1"},
                           Row{"{\"name\": \"\\'\"}", "1"},
                           Row{"{\"name\": \"\\u12\"}", "1"},
                           Row{"{\"name\": \"\\udc00\"}", "1"},
                           Row{"{\"name\": \"\\ud800\\u0041\"}", "1"},
                           Row{"{\"x\": 1.}", "1"},
                           Row{"{\"x\": .5}", "1"},
                           Row{"{\"x\": +1}", "1"},
                           Row{"{\"x\": -}", "1"},
                           Row{"{\"x\": 1e}", "1"},
                           Row{"{\"x\": 0x10}", "1"},
                           Row{"{\"x\": NaN}", "1"},
                           Row{"{\"x\": True}", "1"},
                           Row{"{\"x\": [1,]}", "1"},
                           Row{"{\"x\":\f1}", "1"},
                           Row{"{\"x\": 1} // one", "1"},
                           Row{"{\"x\": 1}}", "1"},
                           Row{"{\"x\" 1}", "1"},
                           Row{"{\"x\": 1 \"y\": 2}", "1"},
                           Row{"{x: 1}", "1"},
                           Row{std::string(100'000, '['), "1"}}) {
        Exchange reply = send_json("POST", "/api/messages", row.body);
        // The deep one may also be refused for its size.
        expect_error(reply, row.body.size() > 50'000 ? Statuses{400, 413} : Statuses{400},
                     {"RFC 8259: be strict, so that two programs never read it differently",
                      "limit the depth, because a recursive parser can run out of stack"});
        if (row.body.size() > 50'000) continue;
        std::string text = lower(reply.reply.body);
        bool located = contains(text, "line") && contains(text, "column");
        expect(located && contains(text, row.line), reply,
               "a message with the line (" + row.line + ") and the column", "another message",
               {"a person who wrote it by hand wants to know where to look"});
    }
    expect_error(
        send_json("POST", "/api/messages", "{\"name\": \"\xff\", \"message\": \"m\"}"), {400, 422},
        {"MUST RFC 8259 §8.1: JSON is UTF-8", "check the bytes before they get into the store"});
}

TEST_CASE("JSON that isn't an object, or whose fields aren't strings, is refused") {
    for (const std::string body :
         {"[]", "null", "5", "\"text\"", "true", "{\"name\": 5}",
          "{\"name\": [\"Ada\"], \"message\": \"m\"}", "{\"name\": \"Ada\", \"message\": {}}"})
        expect_error(send_json("POST", "/api/messages", body), body.starts_with('{') ? 422 : 400,
                     {"a message is an object, its fields are strings",
                      "ask for the kind of a value before you use it"});
    for (const auto& [method, target] :
         {std::pair("POST", std::string("/api/messages")), std::pair("PUT", post({unique()}))}) {
        Exchange reply =
            send_json(method, target, "{\"name\": 5, \"email\": [], \"message\": \"m\"}");
        expect_error(reply, 422, {"the JSON is fine, and the fields are not"});
        const JsonValue fields = parse_json(reply.reply.body).value_or(JsonValue{})["fields"];
        for (const char* name : {"name", "email"})
            expect(fields[name].is(JsonValue::Kind::string), reply,
                   "a reason for " + std::string(name), "none", {"name each field that is wrong"});
        expect(fields["message"].is(JsonValue::Kind::nothing), reply, "no reason for message",
               "one", {"and no other"});
    }
}

TEST_CASE("a body of another type than application/json is 415") {
    std::string object = object_of({unique()});
    for (const std::string type : {"text/plain", urlencoded_type.c_str(), "application/jsonx", "",
                                   "application/json; charset", "application/json; charset=\"utf-8",
                                   "application/json; a=1; a=1"})
        expect_error(exchange(with_body("POST", "/api/messages", type, object)), 415,
                     {"the type is part of the protection, because a form on another site can "
                      "send text/plain without a preflight, but not application/json"});
    Exchange refused = exchange(with_body("POST", "/api/messages", "text/plain", object));
    expect_listed(refused, "Accept", "application/json",
                  {"RFC 9110 §15.5.16: a 415 ought to say what would have been accepted"});
    expect_status(
        exchange(with_body("POST", "/api/messages", "Application/JSON; charset=utf-8", object)),
        201, {"MUST RFC 9110 §8.3.1: case does not matter, and parameters may follow"});
}

TEST_CASE("fields that do not validate are 422, and the error names them") {
    struct Row {
        Typed typed;
        std::string wrong;
    };
    for (const Row& row : {Row{{"", "", "m"}, "name"}, Row{{std::string(101, 'n')}, "name"},
                           Row{{"Ada", "nonsense", "m"}, "email"}, Row{{"Ada", "", ""}, "message"},
                           Row{{"Ada", "", std::string(2001, 'm')}, "message"}}) {
        Exchange reply = send_json("POST", "/api/messages", object_of(row.typed));
        JsonValue value =
            expect_error(reply, 422, {"RFC 9110 §15.5.21: good JSON, but not a good message"});
        const JsonValue& fields = value["fields"];
        bool named = fields.size() == 1 && fields[row.wrong].is(Kind::string) &&
                     !fields[row.wrong].text.empty();
        expect(named, reply, "\"fields\" with one member, \"" + row.wrong + "\", and why",
               "another object", {"a program shows each message beside its field"});
    }
    Exchange reply = send_json("POST", "/api/messages", "{}");
    JsonValue fields = expect_error(reply, 422, {"both are required"})["fields"];
    expect(fields.size() == 2, reply, "\"fields\" with name and message", "another object",
           {"report all mistakes at once, not one after the other"});
}

TEST_SUITE_END();
