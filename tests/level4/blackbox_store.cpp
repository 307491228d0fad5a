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

#include "affordable_clients.hpp"
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

// Waits for a line on standard error, because a server may print it a moment later. Returns all of
// its output.
std::string expect_printed(ServerProcess& server, std::string_view text, const Reason& reason,
                           Where where = Where::here()) {
    const double start = now();
    while (!contains(server.process().output(), text) && now() - start < patience) let_pass(0.01);
    const std::string output = server.process().output();
    expect_that(contains(output, text), "a line with: " + std::string(text), output, reason, where);
    return output;
}

}  // namespace

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("after kill -9 under load every acknowledged message is there, exactly once") {
    if (lacks_program()) return;
    DataFolder data;
    std::vector<std::string> promised;
    std::size_t requests = 300;  // of each client
    for (std::size_t round = 1; round <= 3;) {
        ServerProcess server(data.launch("--quiet"));
        std::vector<Client> clients;
        for (int i = 0; i < 8; ++i) clients.emplace_back(server);
        for (Client& client : clients)
            for (std::size_t i = 0; i < requests; ++i) client.send(api_post(unique("Kill")));
        // Kill it when the first client has some replies, while the others are being answered.
        clients.front().receive_at_least(round * 5'000);
        server.signal(SIGKILL);
        std::size_t before = promised.size();
        for (Client& client : clients)
            for (std::string& name : acknowledged(client.read_to_end().received))
                promised.push_back(std::move(name));
        expect_that(promised.size() > before, "some messages acknowledged before the end", "none",
                    {"the server was at work when it was killed"});
        // One that has answered everything was not killed at work. It gets more to do.
        if (promised.size() < before + 8 * requests)
            ++round;
        else
            requests *= 2;
        REQUIRE(requests < 10'000);
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

TEST_CASE(
    "after sed -i, mv or an emptied file, what is acknowledged is in the file that has the name") {
    if (lacks_program()) return;
    const std::string ways[] = {"sed -i.bak s/guestbook/book/ messages.jsonl",
                                "mv messages.jsonl messages.jsonl.1",
                                "cp messages.jsonl copy; mv copy messages.jsonl",
                                "rm messages.jsonl", ": > messages.jsonl"};
    for (const std::string& way : ways) {
        DataFolder data;
        const std::string name = unique("After");
        long long before = 0;
        {
            ServerProcess server(data.launch("--quiet"));
            add(unique(), server);
            before = add(unique(), server);
            Process(("cd '" + data.path().string() + "'; ") + way, {}).wait_for_end(patience);
            const long long id = add(name, server);
            expect_that(id > before, "an id above " + std::to_string(before), std::to_string(id),
                        {"after: " + way, "ids that were given are not given again"});
            expect_printed(server, "messages.jsonl was replaced", {"after: " + way});
            server.signal(SIGKILL);
        }
        ServerProcess server(data.launch("--quiet"));
        expect_each_once(
            everything(server), {name},
            {"after: " + way, "compare what the path names with what is open before each write"});
        expect_that(add(unique(), server) > before + 1, "an id of its own", "one that was given",
                    {"after: " + way});
    }
}

TEST_CASE("while files are put in the place of the store's, no acknowledged message is lost") {
    if (lacks_program()) return;
    DataFolder data;
    std::vector<std::string> names;
    {
        ServerProcess server(data.launch("--quiet"));
        add(unique(), server);
        // Moves the file away again and again. All that was acknowledged is in one of them.
        Process mover(
            "cd '" + data.path().string() +
                "'; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.05; mv messages.jsonl $i; done",
            {});
        while (mover.running()) {
            names.push_back(unique("Moved"));
            add(names.back(), server);
        }
        server.signal(SIGKILL);
    }
    std::string all = file_content(data.path() / "messages.jsonl");
    for (int i = 1; i <= 9; ++i) all += file_content(data.path() / std::to_string(i));
    for (const std::string& name : names)
        expect_that(contains(all, name), "the message of " + name, "none in any of the files",
                    {"look again once the line is on disk, and write it again if need be"});
}

TEST_CASE("another process that keeps the lock holds up neither readers nor other pages") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    const std::string name = unique();
    add(name, server);
    StoreLock lock(data);
    std::vector<Client> writers;
    for (int i = 0; i < 40; ++i) {
        writers.emplace_back(server);
        writers.back().send(api_post(unique()));
    }
    const double start = now();
    Exchange hello = exchange(get("/hello"), server);
    expect_status(hello, 200, {"it has nothing to do with the store"});
    expect_that(now() - start < 2, "at once", std::to_string(now() - start) + " s",
                {"a handler that waits stops only its own client"});
    expect_in_body(exchange(get("/api/messages"), server), name,
                   {"what is known can be read without the lock"});
    expect_that(now() - start < 4, "within 4 s", std::to_string(now() - start) + " s",
                {"writers that wait must leave workers for readers"});
    for (Client& writer : writers) {
        Exchange reply = writer.read_reply("POST", 8);
        expect_status(reply, 503, {"flock() has no time-out; ask with LOCK_NB for 5 s at most"});
        expect_present(reply, "Retry-After", {"a client should know when to try again"});
    }
    expect_that(now() - start < 6.5, "all of them after about 5 s",
                std::to_string(now() - start) + " s", {"a queue must not add up the waits"});
    expect_printed(server, "is locked", {"the operator has to know"});
    lock.release();
    add(unique(), server);
}

TEST_CASE("a thousand writers that wait for another process don't hold up the rest") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    const StoreLock lock(data);
    const std::size_t count = affordable_clients(1005);
    std::vector<Client> writers;
    for (std::size_t i = 0; i < count; ++i) {
        writers.emplace_back(server);
        writers.back().send(api_post(unique()));
        if (i % 2 == 0) writers.back().reset();
    }
    const double start = now();
    expect_status(exchange(get("/hello"), server), 200, {"it has nothing to do with the store"});
    expect_that(now() - start < 2.5, "within 2.5 s", std::to_string(now() - start) + " s",
                {"with a thread for each client, those that wait must not take all the threads",
                 "refuse writers at once while so many wait already"});
}

TEST_CASE("a damaged message is skipped, the others are shown, and PUT repairs it") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet"));
    const std::string name = unique("Bytes"), other = unique("Whole");
    const long long id = add(name, server);
    add(other, server);
    {
        std::fstream file(data.path() / "messages.jsonl", std::ios::in | std::ios::out);
        file.seekp(
            static_cast<std::streamoff>(file_content(data.path() / "messages.jsonl").find(name)));
        file.put('\xFF');
    }
    for (int i = 0; i < 2; ++i) {
        Exchange list = exchange(get("/api/messages"), server);
        expect_status(list, 200, {"one bad byte must not take all messages away"});
        expect_in_body(list, other, {"this one is as it was"});
        expect_status(exchange(get("/messages"), server), 200, {"the page as well"});
    }
    const std::string problem = "is not a message";
    const std::string output = expect_printed(server, problem, {"the operator has to know"});
    expect_that(output.find(problem) == output.rfind(problem), "one line that says so", output,
                {"say it once"});
    const std::string body = "{\"name\":\"" + name + "\",\"message\":\"repaired\"}";
    expect_status(
        exchange(with_body("PUT", "/api/messages/" + std::to_string(id), json_type, body), server),
        200, {"a message that can't be read can still be replaced"});
    expect_in_body(exchange(get("/api/messages"), server), "repaired", {"it is there again"});
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
        const std::string kept = file_content(data.path() / "messages.jsonl.broken");
        expect_that(contains(content + kept, half), "the half line in messages.jsonl.broken", kept,
                    {"what is cut off is kept, because it may be worth something"});
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
