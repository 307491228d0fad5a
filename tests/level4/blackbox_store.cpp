// What the message store promises: a client that has seen a 201 finds the message there, whatever
// has happened to the server since. Needs our own program, for its flag --data.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "file_content.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "text.hpp"

namespace {

// Posts one message. Returns its id.
long long add(const std::string& name, ServerProcess& server, Where where = Where::here()) {
    Client client(server);
    client.send(api_post(name));
    Exchange reply = client.read_reply("POST");
    expect_status(reply, 201, {"a good message"}, where);
    return std::atoll(parse_json(reply.reply.body).value_or(JsonValue{})["id"].text.c_str());
}

struct Stored {
    std::map<std::string, int> names;  // how often each name is there
    std::set<long long> ids;
    std::size_t count = 0;
    std::string total;
};

Stored everything(ServerProcess& server) {
    Stored stored;
    for (std::size_t offset = 0;; offset += 20) {
        Exchange reply =
            exchange(get("/api/messages?limit=20&offset=" + std::to_string(offset)), server);
        expect_status(reply, 200, {"the list of messages"});
        JsonValue page = parse_json(reply.reply.body).value_or(JsonValue{});
        for (const auto& [_, message] : page["messages"].members) {
            ++stored.names[message["name"].text];
            stored.ids.insert(std::atoll(message["id"].text.c_str()));
            ++stored.count;
        }
        stored.total = page["total"].text;
        if (page["messages"].size() < 20 || offset > 100'000) return stored;
    }
}

// The names in the messages of all 201s that arrived whole.
std::vector<std::string> acknowledged(std::string_view received) {
    std::vector<std::string> names;
    while (true) {
        Reply reply = parse_reply(received, "POST", false);
        if (!reply.complete()) return names;
        if (reply.status == 201)
            names.push_back(parse_json(reply.body).value_or(JsonValue{})["name"].text);
        received.remove_prefix(reply.length);
    }
}

void expect_each_once(const Stored& stored, const std::vector<std::string>& names,
                      const Reason& reason, Where where = Where::here()) {
    for (const std::string& name : names) {
        auto found = stored.names.find(name);
        int times = found == stored.names.end() ? 0 : found->second;
        expect_that(times == 1, "the message of " + name + " once",
                    std::to_string(times) + " times", reason, where);
    }
    expect_that(
        stored.ids.size() == stored.count, "an id of its own for each message",
        std::to_string(stored.count) + " messages, " + std::to_string(stored.ids.size()) + " ids",
        {"an id is given only once"}, where);
    expect_that(stored.total == std::to_string(stored.count),
                "a total of " + std::to_string(stored.count), stored.total,
                {"the total is the length of the list"}, where);
}

}  // namespace

TEST_SUITE_BEGIN("level 4 program");

TEST_CASE("after kill -9 under load every acknowledged message is there, exactly once") {
    if (lacks_program()) return;
    DataFolder data;
    std::vector<std::string> promised;
    for (std::size_t round = 1; round <= 3; ++round) {
        ServerProcess server(data.launch("--quiet"));
        std::vector<Client> clients;
        for (int i = 0; i < 8; ++i) clients.emplace_back(server);
        for (Client& client : clients)
            for (int i = 0; i < 300; ++i) client.send(api_post(unique("Kill")));
        // Kill it when the first client has some replies, while the others are being answered.
        clients.front().receive_at_least(round * 5'000);
        server.process().signal(SIGKILL);
        std::size_t before = promised.size();
        for (Client& client : clients)
            for (std::string& name : acknowledged(client.read_to_end().received))
                promised.push_back(std::move(name));
        expect_that(promised.size() > before, "some messages acknowledged before the end", "none",
                    {"the server was at work when it was killed"});
        expect_that(promised.size() < before + 2400, "not all of them", "all",
                    {"the server must be killed at work"});
    }
    ServerProcess server(data.launch("--quiet"));
    Stored stored = everything(server);
    expect_each_once(stored, promised,
                     {"201 promises that the line is on disk before the reply is sent",
                      "write the whole line with one write(), then reply"});
    long long next = add(unique(), server);
    expect_that(stored.ids.empty() || next > *stored.ids.rbegin(), "an id past all earlier ones",
                std::to_string(next), {"ids continue after a restart"});
    std::string content = file_content(data.path() / "messages.jsonl");
    for (const std::string& line : split(content.substr(0, content.size() - 1), '\n'))
        expect_that(parse_json(line).has_value(), "a line of JSON", line,
                    {"no line is torn, and no two messages are on one line"});
}

TEST_CASE("half a line at the end of the store is cut off when the server starts") {
    if (lacks_program()) return;
    const std::string halves[] = {"{\"id\":99,\"name\":\"To", "{", "{\"id\":99,\"name\":\"Torn\"}",
                                  "\"}", std::string(5000, 'x')};
    for (const std::string& half : halves) {
        DataFolder data;
        std::vector<std::string> names = {unique(), unique()};
        {
            ServerProcess server(data.launch("--quiet"));
            for (const std::string& name : names) add(name, server);
        }
        std::ofstream(data.path() / "messages.jsonl", std::ios::app) << half;
        for (int start = 0; start < 2; ++start) {
            ServerProcess server(data.launch("--quiet"));
            Stored stored = everything(server);
            expect_each_once(stored, names, {"what came before the half line is whole"});
            expect_that(stored.count == names.size(), std::to_string(names.size()) + " messages",
                        std::to_string(stored.count),
                        {"no client was told that the half line is stored",
                         "a line that has no \\n at its end was never finished"});
            names.push_back(unique());
            add(names.back(), server);
        }
        std::string content = file_content(data.path() / "messages.jsonl");
        expect_that(!contains(content, half + "{"), "no message behind the half line", content,
                    {"a message that is appended to half a line is lost with it"});
    }
}

TEST_CASE("ids are not used again after a restart, not even that of a deleted last message") {
    if (lacks_program()) return;
    DataFolder data;
    long long last = 0;
    {
        ServerProcess server(data.launch("--quiet"));
        add(unique(), server);
        last = add(unique(), server);
        std::string address = "/api/messages/" + std::to_string(last);
        expect_status(exchange(request("DELETE", address), server), 204, {"it was there"});
    }
    ServerProcess server(data.launch("--quiet"));
    std::string address = "/api/messages/" + std::to_string(last);
    expect_status(exchange(get(address), server), 404, {"it stays deleted after a restart"});
    long long next = add(unique(), server);
    expect_that(next > last, "an id greater than " + std::to_string(last), std::to_string(next),
                {"the greatest id that is left need not be the greatest that was given"});
}

TEST_CASE("two servers that share a data folder see each other's messages") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess first(data.launch("--quiet"));
    ServerProcess second(data.launch("--quiet"));
    std::vector<std::string> names;
    for (int i = 0; i < 10; ++i) {
        names.push_back(unique("Shared"));
        long long id = add(names.back(), i % 2 == 0 ? first : second);
        Exchange there =
            exchange(get("/api/messages/" + std::to_string(id)), i % 2 == 0 ? second : first);
        expect_status(
            there, 200,
            {"the other server stored it", "before each answer, check whether the file has grown"});
        expect_in_body(there, names.back(), {"the same message under the same id"});
    }
    // Write to both at the same time: many posts to each, sent before the first reply is read.
    std::vector<Client> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back(i % 2 == 0 ? first : second);
    for (Client& client : clients) {
        for (int i = 0; i < 40; ++i) {
            names.push_back(unique("Both"));
            client.send(api_post(names.back()));
        }
    }
    for (Client& client : clients)
        for (int i = 0; i < 40; ++i)
            expect_status(client.read_reply("POST"), 201, {"a good message"});
    for (ServerProcess* server : {&first, &second})
        expect_each_once(everything(*server), names,
                         {"two processes that append to one file need a lock that both know",
                          "flock() around taking an id and writing the line"});
    long long id = add(unique(), first);
    std::string address = "/api/messages/" + std::to_string(id);
    expect_status(exchange(request("DELETE", address), second), 204, {"one deletes it"});
    expect_status(exchange(get(address), first), 404, {"the other notices"});
}

TEST_SUITE_END();
