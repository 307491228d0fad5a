// What goes on around all handlers: compression, the defence against forged requests, ids and times
// of requests, CORS, the rate limit. The last two need flags, and so our own program.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

const std::string accept_gzip = "Accept-Encoding: gzip";

// The content of a gzip body, as the program gzip reads it.
std::string unpacked(const std::string& packed) {
    DataFolder folder;
    const std::string file = (folder.path() / "body.gz").string();
    std::ofstream(file, std::ios::binary) << packed;
    Process gzip("gzip -dc < '" + file + "'", {});
    gzip.wait_for_end(patience);
    return gzip.exit_code() == 0 ? gzip.output() : "gzip: " + gzip.how_it_ended();
}

// Our own server says at its start if it was built without zlib. Another server's reply shows
// whether it compresses.
bool lacks_compression() {
    bool there = false;
    if (settings().program.empty())
        there = exchange(get("/contact", {accept_gzip})).reply.field("Content-Encoding") != nullptr;
    else
        there = !contains(shared_server().process().output(), "without zlib");
    return !there && skip("this server does not compress");
}

// Posts a message that is long enough to be worth compressing. Returns its address in the API.
std::string long_message() {
    std::string text;
    while (text.size() < 1500) text += "All work and no play makes Jack a dull boy. ";
    Exchange reply =
        exchange(with_body("POST", "/api/messages", json_type, message_json(unique(), text)));
    expect_status(reply, 201, {"a good message"});
    return reply.reply.value("Location");
}

std::string form_post(const std::vector<std::string>& fields, const std::string& name = "Ada") {
    return contact({name}, fields);
}

// Another origin that may use the API, by the flag below.
const std::string allowed = "https://app.example";
const std::string from_allowed = "Origin: " + allowed;
const std::string for_one_origin = "--quiet --cors-origin " + allowed;

// What a browser asks before it lets a page from another origin send a DELETE.
Exchange preflight(const std::string& target, const std::string& from, ServerProcess& server) {
    return exchange(request("OPTIONS", target,
                            {from, "Access-Control-Request-Method: DELETE",
                             "Access-Control-Request-Headers: content-type"}),
                    server);
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 8 around the handlers");

TEST_CASE("a client that accepts gzip gets the same pages and JSON, compressed") {
    if (lacks_compression()) return;
    for (const std::string& target : {long_message(), std::string("/contact")}) {
        Exchange plain = exchange(get(target));
        Exchange reply = exchange(get(target, {accept_gzip}));
        expect_status(reply, 200, {"the same page"});
        expect_field(reply, "Content-Encoding", "gzip",
                     {"MUST RFC 9110 §8.4: the client must know what was done to the content"});
        expect_that(unpacked(reply.reply.body) == plain.reply.body,
                    "the content of the plain reply", unpacked(reply.reply.body).substr(0, 200),
                    {"MUST RFC 1952: head, deflate, CRC and length, which gzip -dc has checked",
                     "what HTTP calls deflate is zlib's format, not gzip's"});
        expect(reply.reply.body.size() < plain.reply.body.size(), reply,
               "fewer than " + std::to_string(plain.reply.body.size()) + " bytes",
               std::to_string(reply.reply.body.size()), {"otherwise compression is pointless"});
        for (const Exchange& either : {plain, reply})
            expect_listed(
                either, "Vary", "Accept-Encoding",
                {"SHOULD RFC 9110 §12.5.5: without it a cache may send gzip to any client",
                 "the plain reply also depends on the field"});
    }
}

TEST_CASE("compression follows the weights in Accept-Encoding") {
    if (lacks_compression()) return;
    const std::string target = long_message();
    const auto coding = [&](const std::string& accepted) {
        return exchange(get(target, {"Accept-Encoding: " + accepted}));
    };
    for (const char* yes : {"gzip", "GZIP", "br, gzip", "gzip;q=0.5", "*", "br;q=1, gzip;q=0.2",
                            "gzip;q=1.0, identity;q=0.5", "deflate, gzip;q=1.0, *;q=0"})
        expect_field(coding(yes), "Content-Encoding", "gzip",
                     {"SHOULD RFC 9110 §12.5.3: gzip is acceptable", "", yes});
    for (const char* no : {"gzip;q=0", "gzip; q=0.000", "br", "identity", "*;q=0", "x-gzip2",
                           "br, gzip;q=0, *", "gzip;q=0, identity"})
        expect_absent(
            coding(no), "Content-Encoding",
            {"SHOULD RFC 9110 §12.5.3: q=0 means not acceptable, as does not being listed",
             "read the list, don't look for the letters gzip in it", no});
    expect_absent(exchange(get(target)), "Content-Encoding",
                  {"a client that says nothing may not be able to unpack it"});
}

TEST_CASE("HEAD gets the fields of the compressed reply that GET gets") {
    if (lacks_compression()) return;
    const std::string target = long_message();
    Exchange whole = exchange(get(target, {accept_gzip}));
    Exchange head = exchange(request("HEAD", target, {accept_gzip}));
    expect_status(head, 200, {"HEAD of the same page"});
    for (const char* name : {"Content-Encoding", "Content-Length", "Content-Type", "Vary"})
        expect_field(head, name, whole.reply.value(name),
                     {"SHOULD RFC 9110 §9.3.2: the fields of GET"});
}

TEST_CASE(
    "a 304 to a request by date has the ETag of the compressed reply, also if it asks for a range") {
    if (lacks_compression() || lacks_public_folder()) return;
    PublicFolder folder;
    const std::string target = folder.write("page.css", std::string(5000, '\n'));
    Exchange whole = exchange(get(target, {accept_gzip}));
    expect_field(whole, "Content-Encoding", "gzip", {"it is long enough, and a text"});
    const std::string since = "If-Modified-Since: " + whole.reply.value("Last-Modified");
    for (const std::vector<std::string>& fields :
         {std::vector<std::string>{accept_gzip, since}, {accept_gzip, since, "Range: bytes=0-3"}}) {
        Exchange same = exchange(get(target, fields));
        expect_status(same, 304, {"MUST RFC 9110 §13.2.2: the date is looked at before the range"});
        expect_field(same, "ETag", whole.reply.value("ETag"),
                     {"MUST RFC 9110 §15.4.5: it is the ETag that the 200 would have"});
    }
}

TEST_CASE("small replies, pictures and streams are not compressed") {
    if (lacks_compression()) return;
    Exchange small = exchange(get("/api/v1/users/42", {accept_gzip}));
    if (small.reply.body.size() < 500)
        expect_absent(small, "Content-Encoding",
                      {"below 500 bytes there is nothing to gain, as it is one packet anyway"});
    const std::string picture = "\211PNG\r\n\032\n" + std::string(4000, '\0');
    Exchange upload = exchange(with_body("POST", "/upload", multipart_type,
                                         multipart({{"file", picture, "a.png", "image/png"}})));
    expect_status(upload, 303, {"a picture"});
    Exchange back = exchange(get(address_of_upload(upload), {accept_gzip}));
    expect_absent(back, "Content-Encoding", {"a picture is already compressed"});
    expect_body(back, picture, {"byte for byte"});
    Client client;
    client.send(get_and_stay("/api/messages/events", {accept_gzip}));
    client.receive_at_least(100);
    Exchange stream = client.so_far();
    expect_absent(stream, "Content-Encoding",
                  {"an event that waits in the compressor's buffer arrives too late"});
}

TEST_CASE("a browser's request from a page on another site is refused, and changes nothing") {
    const std::string name = unique("Forged");
    const std::vector<std::vector<std::string>> forged = {
        {"Sec-Fetch-Site: cross-site"},
        {"Sec-Fetch-Site: same-site"},
        {"Sec-Fetch-Site: nonsense"},
        {"Sec-Fetch-Site: cross-site", "Origin: http://localhost"},
        {"Origin: https://evil.example"},
        {"Origin: http://localhost:9000"},
        {"Origin: http://localhost.evil.example"},
        {"Origin: http://evil.example/localhost"},
        {"Origin: null"},
        {"Origin: http://localhost", "Origin: http://localhost"},
        {"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"},
        {"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: same-origin"}};
    const Reason refused = {
        "the visitor's browser adds our cookie to whatever page posts to us",
        "Sec-Fetch-Site same-origin or none; without it Origin's host and port are those of Host"};
    for (const auto& fields : forged) {
        expect_status(exchange(form_post(fields, name)), 403, refused);
        expect_status(exchange(with_body("POST", "/api/messages", json_type,
                                         message_json(name, "forged"), fields)),
                      403, refused);
        for (const char* method : {"PUT", "DELETE"})
            expect_status(exchange(with_body(method, "/api/messages/1", json_type,
                                             message_json(name, "forged"), fields)),
                          403, refused);
    }
    Exchange api = exchange(with_body("POST", "/api/messages", json_type,
                                      message_json(name, "forged"), forged.front()));
    expect_json(api, {"an error of the API is JSON, and so is this one"});
    expect_not_in_reply(exchange(get("/api/messages?limit=20")), name,
                        {"it is refused before it reaches the handler"});
}

TEST_CASE("an Origin is compared with Host, each with its port") {
    const auto post_from = [](const std::string& origin) {
        std::string bytes = form_post({"Origin: " + origin});
        return exchange(bytes.insert(bytes.find("localhost") + 9, ":9000"));
    };
    for (const char* own : {"http://localhost:9000", "https://localhost:9000"})
        expect_status(post_from(own), 303,
                      {"the page is ours: it has the host and the port of Host", "", own});
    for (const char* other : {"http://localhost", "http://localhost:9001", "http://localhost:90"})
        expect_status(post_from(other), 403,
                      {"another port is another origin (RFC 6454 §5), and another program",
                       "compare all that follows the scheme with all of Host", other});
}

TEST_CASE("requests from our own pages, from the user and from programs are accepted") {
    const std::vector<std::vector<std::string>> own = {
        {},
        {"Sec-Fetch-Site: same-origin"},
        {"Sec-Fetch-Site: same-origin", "Origin: http://localhost"},
        {"Sec-Fetch-Site: none"},
        {"Origin: http://localhost"},
        {"Origin: https://localhost"},
        {"Origin: http://LOCALHOST"}};
    for (const auto& fields : own)
        expect_status(exchange(form_post(fields)), 303,
                      {"it is a page of ours, a bookmark, or a program without cookies",
                       "ignore the scheme, because a proxy may end TLS for us"});
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
        Exchange reply = exchange(request(
            method, "/contact", {"Sec-Fetch-Site: cross-site", "Origin: http://a.example"}));
        expect_status(
            reply, {200, 204},
            {"SHOULD RFC 9110 §9.2.1: safe methods change nothing", "any site may link to us"});
    }
}

TEST_CASE("a reply of the API has the request's id, and the time that it took") {
    Exchange first = exchange(get("/api/messages"));
    Exchange second = exchange(get("/api/messages"));
    expect_present(first, "X-Request-ID", {"by its id a request can be found in the logs"});
    const std::string id = first.reply.value("X-Request-ID");
    expect(id != second.reply.value("X-Request-ID"), second, "another id", id,
           {"no two requests have the same id"});
    expect_field(exchange(get("/api/messages", {"X-Request-ID: from-the-proxy_7.1"})),
                 "X-Request-ID", "from-the-proxy_7.1", {"a proxy in front has given it this id"});
    for (const std::string& odd : {std::string("a b"), std::string("<script>"),
                                   std::string("\"quoted\""), std::string(1000, 'x')}) {
        Exchange reply = exchange(get("/api/messages", {"X-Request-ID: " + odd}));
        expect(reply.reply.value("X-Request-ID") != odd, reply, "another id",
               "what the client has sent",
               {"an id goes into logs, so a stranger must not make it long or odd"});
        expect_present(reply, "X-Request-ID", {"it gets an id of ours"});
    }
    Exchange refused = exchange(with_body("POST", "/api/messages", json_type, "{"));
    expect_status(refused, 400, {"this is not JSON"});
    for (const char* field : {"X-Request-ID", "Server-Timing"})
        expect_present(refused, field, {"an error is the reply that users will ask about"});
    const std::string timing = first.reply.value("Server-Timing");
    const std::size_t number = timing.find(";dur=");
    const bool good = number != std::string::npos && number > 0 &&
                      timing.find_first_not_of("0123456789.", number + 5) == std::string::npos;
    expect(good, first, "Server-Timing: app;dur=0.3", timing,
           {"W3C Server Timing: a name, then the milliseconds"});
}

TEST_CASE("errors, streams and replies without a body have the request's id and its time as well") {
    const std::string address = long_message();
    std::vector<Exchange> replies = {exchange(get("/api/nope")),
                                     exchange(with_body("PATCH", "/api/messages", json_type, "{}")),
                                     exchange(request("OPTIONS", "/api/messages")),
                                     exchange(request("DELETE", address)), EventStream().head()};
    for (const Exchange& reply : replies)
        for (const char* field : {"X-Request-ID", "Server-Timing"})
            expect_present(reply, field,
                           {"by its id a request can be found in the logs, whatever became of it",
                            "this layer goes around the router, so that it also sees 404 and 405"});
}

TEST_CASE("no page from another origin may read the API unless it is allowed to") {
    for (const char* target : {"/api/messages", "/api/nothing", "/"}) {
        Exchange reply = exchange(get(target, {"Origin: https://app.example"}));
        expect_absent(reply, "Access-Control-Allow-Origin", {"Fetch standard: the default is no"});
    }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("--cors-origin answers a preflight from a page of that origin for every address") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch(for_one_origin));
    for (const char* target : {"/api/messages", "/api/messages/7", "/api/nothing"}) {
        Exchange reply = preflight(target, from_allowed, server);
        expect_status(reply, {200, 204},
                      {"Fetch standard: a preflight has to be answered with an ok status, "
                       "also where the request itself will be a 404 or 405"});
        expect_field(reply, "Access-Control-Allow-Origin", allowed, {"this origin is allowed"});
        for (const char* method : {"POST", "PUT", "DELETE"})
            expect_listed(reply, "Access-Control-Allow-Methods", method, {"the API has it"});
        expect_listed(reply, "Access-Control-Allow-Headers", "Content-Type",
                      {"application/json needs it"});
        expect_field(reply, "Access-Control-Max-Age", "600", {"ten minutes without asking again"});
        expect_listed(reply, "Vary", "Origin", {"SHOULD RFC 9110 §12.5.5"});
    }
}

TEST_CASE("--cors-origin lets pages of that origin use the API, and read its errors") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch(for_one_origin));
    const std::string good = with_body("POST", "/api/messages", json_type,
                                       message_json(unique(), "from a page"), {from_allowed});
    const std::string bad = with_body("POST", "/api/messages", json_type, "{", {from_allowed});
    const std::vector<std::pair<std::string, int>> requests = {
        {get("/api/messages", {from_allowed}), 200},
        {good, 201},
        {bad, 400},
        {get("/api/nothing", {from_allowed}), 404},
        {get("/api/messages/999", {from_allowed}), 404},
        {request("PATCH", "/api/messages", {from_allowed, "Content-Length: 0"}), 405}};
    for (const auto& [bytes, status] : requests) {
        Exchange reply = exchange(Script(bytes), server);
        expect_status(reply, status, {"what it would be without an Origin"});
        expect_field(reply, "Access-Control-Allow-Origin", allowed,
                     {"the page must also read errors, to tell its user what is wrong",
                      "this layer goes around the router, so that it also sees 404 and 405"});
        expect_listed(reply, "Vary", "Origin", {"SHOULD RFC 9110 §12.5.5"});
    }
}

TEST_CASE("--cors-origin allows no other origin, and nothing outside the API") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch(for_one_origin));
    for (const char* other : {"https://evil.example", "http://app.example", "null",
                              "https://app.example.evil.example", "https://app.example:8443"}) {
        const std::string from = std::string("Origin: ") + other;
        for (const Exchange& reply : {preflight("/api/messages", from, server),
                                      exchange(get("/api/messages", {from}), server)}) {
            expect_not_in_reply(
                reply, "Access-Control-",
                {"that page is not allowed, and need not know what others may do", "", other});
            expect_listed(reply, "Vary", "Origin",
                          {"without it a cache may give this reply to a page that is allowed"});
        }
    }
    Exchange page = exchange(get("/contact", {from_allowed}), server);
    expect_absent(page, "Access-Control-Allow-Origin", {"the flag is for /api only"});
    Exchange forged = exchange(form_post({"Origin: https://evil.example"}), server);
    expect_status(forged, 403, {"the defence against forged requests still stands"});
}

TEST_CASE("--cors-origin * lets all pages read the API, but none of them write in it") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --cors-origin '*'"));
    Exchange reply = exchange(get("/api/messages", {"Origin: https://any.example"}), server);
    expect_field(reply, "Access-Control-Allow-Origin", "*",
                 {"Fetch standard: the star allows all origins"});
    Exchange forged =
        exchange(with_body("POST", "/api/messages", json_type, message_json(unique(), "forged"),
                           {"Origin: https://any.example"}),
                 server);
    expect_status(forged, 403, {"they may read, but not write"});
}

TEST_CASE("--rate-limit 3/60 lets three POSTs through, and tells the fourth when to try again") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --rate-limit 3/60"));
    const auto expect_free = [&] {
        for (int i = 0; i < 5; ++i)
            expect_status(exchange(get("/messages"), server), 200, {"reading doesn't count"});
    };
    expect_free();
    const std::string three[] = {
        form_post({}), contact({""}),
        with_body("POST", "/api/messages", json_type, message_json(unique(), "third"))};
    const int statuses[] = {303, 422, 201};
    for (int i = 0; i < 3; ++i) {
        Exchange reply = exchange(Script(three[i]), server);
        expect_status(reply, statuses[i], {"the first three pass, whether good or not"});
        expect_field(reply, "RateLimit-Limit", "3", {"a client can see the limit coming"});
        expect_field(reply, "RateLimit-Remaining", std::to_string(2 - i), {"one fewer each time"});
    }
    for (const std::vector<std::string>& fields :
         {std::vector<std::string>{}, {"X-Forwarded-For: 10.0.0.7"}}) {
        Exchange reply = exchange(form_post(fields), server);
        expect_status(reply, 429,
                      {"RFC 6585 §4: too many requests",
                       "count by the peer's address, because any client can invent "
                       "X-Forwarded-For"});
        const int seconds = std::atoi(reply.reply.value("Retry-After").c_str());
        expect(seconds >= 1 && seconds <= 60, reply, "Retry-After of 1 to 60 seconds",
               reply.reply.value("Retry-After"), {"RFC 6585 §4, RFC 9110 §10.2.3"});
        expect_field(reply, "RateLimit-Remaining", "0", {"nothing is left"});
    }
    Exchange api = exchange(
        with_body("POST", "/api/messages", json_type, message_json(unique(), "too much")), server);
    expect_status(api, 429, {"there is one limit for all addresses"});
    expect_json(api, {"an error of the API is JSON"});
    expect_free();
    expect_in_body(exchange(get("/api/messages"), server), "\"total\":2",
                   {"refused messages are not stored"});
}

TEST_CASE("--rate-limit counts what is let in, by whichever door, and nothing else") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --rate-limit 3/60"));
    for (int i = 0; i < 5; ++i)
        expect_status(exchange(form_post({"Sec-Fetch-Site: cross-site"}), server), 403,
                      {"another site's page must not use up the visitor's limit"});
    expect_status(exchange(form_post({}), server), 303, {"one by the form"});
    WebSocket chat("/ws/chat", server);
    const std::string name = unique();
    say(chat, name);
    expect_heard(chat, name, {"one by the chat"});
    expect_status(exchange(with_body("POST", "/api/messages", json_type,
                                     message_json(unique(), "by the API")),
                           server),
                  201, {"one by the API"});
    WebSocket second("/ws/chat", server);
    say(second, unique());
    expect_that(hear(second, "Too many messages").has_value(), "an error that says so", "none",
                {"all doors together have one limit"});
    expect_status(exchange(form_post({}), server), 429, {"this door as well"});
    expect_in_body(exchange(get("/api/messages"), server), "\"total\":3", {"three were let in"});
}

TEST_CASE("after Retry-After a request is accepted again, and with a limit of 0 all are") {
    if (lacks_program()) return;
    DataFolder data;
    {
        ServerProcess server(data.launch("--quiet --rate-limit 1/1"));
        expect_status(exchange(form_post({}), server), 303, {"the first one"});
        Exchange second = exchange(form_post({}), server);
        expect_status(second, 429, {"the second one within a second"});
        let_pass(std::atof(second.reply.value("Retry-After").c_str()));
        expect_status(
            exchange(form_post({}), server), 303,
            {"Retry-After is a promise", "round it up, so that no client is refused then"});
    }
    ServerProcess server(data.launch("--quiet --rate-limit 0"));
    for (int i = 0; i < 30; ++i)
        expect_status(exchange(contact({""}), server), 422, {"0 turns the limit off"});
}

TEST_CASE("a malformed rate or origin is bad usage") {
    if (lacks_program()) return;
    DataFolder data;
    for (const char* arguments :
         {"--rate-limit x", "--rate-limit 3", "--rate-limit 3/0", "--rate-limit -1/60",
          "--rate-limit 3/60/1", "--rate-limit", "--cors-origin app.example", "--cors-origin null",
          "--cors-origin https://app.example/", "--cors-origin https://App.example",
          "--cors-origin https://app.example:443", "--cors-origin 'https://app.example?x'",
          "--cors-origin 'https://app.example '", "--cors-origin https://me@app.example",
          "--cors-origin ''", "--cors-origin"}) {
        Process process(program_line("--port " + std::to_string(free_port()) + " --data '" +
                                     data.path().string() + "' " + arguments),
                        {});
        const bool ended = process.wait_for_end(patience);
        expect_that(ended && process.exit_code() == 2 && contains(lower(process.output()), "usage"),
                    "exit code 2 and the usage", process.how_it_ended() + ": " + process.output(),
                    {"a mistyped limit must not turn the limit off", arguments});
    }
}

TEST_SUITE_END();
