// Lists of messages, as pages and as JSON: their order, their parts, and what many clients that
// post at the same time leave behind. Also errors, as HTML for people and as JSON for programs.
#include <doctest/doctest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "text.hpp"

namespace {

using Kind = JsonValue::Kind;

JsonValue list(const std::string& query, Where where = Where::here()) {
    Exchange reply = exchange(get("/api/messages" + query));
    expect_status(reply, 200, {"the list of messages"}, where);
    return expect_json(reply, {"the API answers in JSON"}, where);
}

long long number(const JsonValue& value) {
    return value.is(Kind::number) ? std::atoll(value.text.c_str()) : -1;
}

// Posts `count` messages one after the other. The last is the newest in the store.
std::vector<std::string> post_in_a_row(int count) {
    std::vector<std::string> names;
    Client client;
    for (int i = 0; i < count; ++i) {
        names.push_back(unique("Row" + std::to_string(i)));
        client.send(api_post(names.back()));
    }
    for (int i = 0; i < count; ++i)
        expect_status(client.read_reply("POST"), 201, {"a good message"});
    return names;
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 3 the guestbook and its API");

TEST_CASE("/messages shows the newest message first, 20 on a page") {
    std::vector<std::string> names = post_in_a_row(41);
    for (int page = 1; page <= 2; ++page) {
        std::string target = page == 1 ? "/messages" : "/messages?page=2";
        Exchange reply = exchange(get(target));
        expect_status(reply, 200, {"a page of messages"});
        std::string text = visible_text(reply.reply.body);
        std::size_t before = 0;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::string& name = names[names.size() - 1 - i];
            std::size_t at = text.find(name);
            bool here = at != std::string::npos;
            bool wanted = i / 20 + 1 == static_cast<std::size_t>(page);
            expect(here == wanted, reply,
                   (wanted ? "with the message " : "without the message ") + std::to_string(i) +
                       " (0 is the newest)",
                   here ? "it is there" : "it is not", {"20 on a page, the newest first"});
            if (!here || !wanted) continue;
            expect(at > before, reply, "newer messages above older ones", "another order",
                   {"a visitor looks for what is new"});
            before = at;
        }
    }
    expect_field(exchange(get("/messages?page=1")), "Content-Type", "text/html; charset=utf-8",
                 {"a page"});
}

TEST_CASE("the last page of messages has the oldest one, also if it isn't full") {
    long long total = number(list("?limit=1")["total"]);
    while (total < 21 || total % 20 == 0) {
        post_in_a_row(1);
        total = number(list("?limit=1")["total"]);
        REQUIRE(total > 0);
    }
    const JsonValue oldest = list("?limit=1&offset=" + std::to_string(total - 1))["messages"];
    Exchange page = exchange(get("/messages?page=" + std::to_string(total / 20 + 1)));
    expect_status(page, 200,
                  {"there are " + std::to_string(total) + " messages, 20 on a page",
                   "round the number of pages up"});
    expect_shown_as_text(page, oldest[0]["name"].text, {"the oldest message is the last one"});
}

TEST_CASE("a page that does not exist is not an error of the server") {
    for (const char* page : {"0", "-1", "abc", "999999", "99999999999999999999999999", "", "1.5"})
        expect_status(exchange(get(std::string("/messages?page=") + page)), {200, 400, 404, 422},
                      {"a visitor can type anything into the address bar",
                       "std::from_chars reports what isn't a number", page});
}

TEST_CASE("/api/messages lists the newest first, with limit, offset and total") {
    std::vector<std::string> names = post_in_a_row(25);
    JsonValue all = list("");
    CHECK(number(all["limit"]) == 20);
    CHECK(number(all["offset"]) == 0);
    expect_that(all["messages"].is(Kind::array) && all["messages"].size() == 20,
                "\"messages\": an array of 20", std::to_string(all["messages"].size()),
                {"20 unless the query says otherwise"});
    JsonValue part = list("?limit=5&offset=3");
    CHECK(number(part["limit"]) == 5);
    CHECK(number(part["offset"]) == 3);
    CHECK(number(part["total"]) >= 25);
    REQUIRE(part["messages"].size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        std::string name = part["messages"][i]["name"].text;
        expect_that(name == names[names.size() - 1 - 3 - i], "the names in reverse order", name,
                    {"offset counts from the newest"});
    }
    JsonValue none = list("?offset=" + std::to_string(number(part["total"]) + 1000));
    CHECK(none["messages"].is(Kind::array));
    CHECK(none["messages"].size() == 0);
    Exchange zero = exchange(get("/api/messages?limit=0"));
    expect_status(zero, {200, 400, 422}, {"a limit of 0 is none at all, or no limit"});
    const JsonValue listed = parse_json(zero.reply.body).value_or(JsonValue{})["messages"];
    expect(listed.size() == 0, zero, "no message", std::to_string(listed.size()) + " messages",
           {"0 is a number like all others, and doesn't stand for the default",
            "ask whether the parameter is there, not whether it is true"});
}

TEST_CASE("total counts the messages that are there, without those that were deleted") {
    Exchange posted =
        exchange(with_body("POST", "/api/messages", json_type, message_json(unique(), "one more")));
    expect_status(posted, 201, {"a good message"});
    const long long before = number(list("")["total"]);
    expect_status(exchange(request("DELETE", posted.reply.value("Location"))), 204,
                  {"a message can be deleted"});
    const long long after = number(list("")["total"]);
    expect_that(after == before - 1, "\"total\": " + std::to_string(before - 1),
                "\"total\": " + std::to_string(after),
                {"a program asks for as many pages as total needs",
                 "count what can be listed, not the ids that were given"});
}

TEST_CASE("a limit or an offset that isn't a number is refused") {
    for (const char* query : {"limit=abc", "limit=-1", "limit=1x", "offset=abc", "offset=-5",
                              "limit=99999999999999999999999999", "offset=18446744073709551615",
                              "offset=9223372036854775808", "offset=1e3", "limit=%00"}) {
        Exchange reply = exchange(get(std::string("/api/messages?") + query));
        expect_status(reply, {400, 422},
                      {"to take a wrong number for another one would hide a mistake",
                       "std::from_chars, then check that all of it was consumed", query});
        expect_json(reply, {"an error of the API is JSON"});
    }
}

TEST_CASE("of 200 messages posted at the same time none is lost, and each has its own id") {
    const int count = 200;
    std::vector<std::string> names;
    std::vector<Client> clients(count);
    const auto by_form = [](std::size_t i) { return i % 2 == 0; };
    std::vector<std::string> last_bytes;  // which let them all go
    for (std::size_t i = 0; i < clients.size(); ++i) {
        names.push_back(unique("Crowd"));
        std::string bytes = by_form(i) ? contact({names.back()})
                                       : with_body("POST", "/api/messages", json_type,
                                                   message_json(names.back(), "one of many"));
        last_bytes.emplace_back(1, bytes.back());
        bytes.pop_back();
        clients[i].send(bytes);
    }
    for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(last_bytes[i]);
    for (std::size_t i = 0; i < clients.size(); ++i)
        expect_status(clients[i].read_to_end(), by_form(i) ? 303 : 201, {"a good message"});
    std::multiset<std::string> stored;
    std::set<std::string> ids;
    for (int offset = 0; offset < count; offset += 20) {
        JsonValue page = list("?limit=20&offset=" + std::to_string(offset));
        for (const auto& [_, message] : page["messages"].members) {
            stored.insert(message["name"].text);
            ids.insert(message["id"].text);
        }
    }
    for (const std::string& name : names)
        expect_that(stored.count(name) == 1, "the message of " + name + " once",
                    std::to_string(stored.count(name)) + " times",
                    {"201 and 303 are promises that it is stored",
                     "the form and the API need the same lock"});
    expect_that(ids.size() == count, "200 different ids", std::to_string(ids.size()),
                {"two threads that read the same counter would give the same id",
                 "one lock around taking an id and writing the line"});
}

TEST_CASE("an error is a page for a browser, and JSON for a client that prefers it") {
    struct Row {
        std::string accept, type;
    };
    for (const Row& row :
         {Row{"text/html,application/xhtml+xml,*/*;q=0.8", "text/html"}, Row{"*/*", "text/html"},
          Row{"application/json", "application/json"},
          Row{"text/html;q=0.5, application/json;q=0.9", "application/json"},
          Row{"application/json;q=0.5, text/html", "text/html"},
          Row{"application/*, text/html;q=0.5", "application/json"},
          Row{"text/*, application/json;q=0.5", "text/html"},
          Row{"text/html;level=1;q=0.3, text/html;q=0.7, application/json;q=0.5", "text/html"},
          Row{"text/html, application/json;q=0", "text/html"}}) {
        for (const std::string& bytes :
             {get("/nothing/here", {"Accept: " + row.accept}),
              request("DELETE", "/contact", {"Accept: " + row.accept})}) {
            Exchange reply = exchange(bytes);
            expect_status(reply, {404, 405}, {"RFC 9110 §15.5"});
            expect_listed(
                reply, "Vary", "Accept",
                {"SHOULD RFC 9110 §12.5.5: without it a cache may give one reader what another "
                 "asked for"});
            std::string type = media_type(reply.reply.value("Content-Type"));
            expect(type.starts_with(row.type), reply, "Content-Type: " + row.type, type,
                   {"SHOULD RFC 9110 §12.5.1: the client says what it prefers",
                    "compare the q values", "Accept"});
            if (row.type == "application/json") expect_json(reply, {"it says it is JSON"});
        }
    }
}

TEST_SUITE_END();
