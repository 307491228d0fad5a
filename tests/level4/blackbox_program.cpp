// The flags and the secrets of this repository's own level 4: --data, --max-body, SECRET_KEY. Other
// servers have their own, so these cases need --program=PATH.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "file_content.hpp"
#include "guestbook.hpp"
#include "reporter.hpp"
#include "text.hpp"
#include "websocket.hpp"

using namespace std::string_literals;

namespace {

// The name that the form remembers for this cookie, on a server that is started with this secret.
std::string remembered(const DataFolder& data, const std::string& secret,
                       const std::string& cookie) {
    ServerProcess server(data.launch("--quiet", {"SECRET_KEY=" + secret}));
    Exchange page = exchange(get("/contact", {cookie}), server);
    expect_status(page, 200, {"any cookie gets the form"});
    return control(page.reply.body, "name").value;
}

}  // namespace

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("TRACE=1 shows each frame of a WebSocket") {
    if (lacks_program()) return;
    DataFolder data;
    for (const char* engine : {"epoll", "threads"}) {
        ServerProcess server(data.launch("--quiet --engine "s + engine, {"TRACE=1"}));
        {
            WebSocket socket("/ws/echo", server);
            const std::string sent[] = {"hello\n", std::string(200, 'a'), std::string(70'000, 'b')};
            for (const std::string& text : sent) {
                socket.say(text);
                socket.read_message();
            }
            socket.send(frame(op_ping, "now"));
            socket.read_frame();
            socket.send(frame(op_close, close_payload(1000)));
            socket.read_frame();
        }
        server.signal(SIGTERM);
        server.process().wait_for_end(patience);
        const std::string output = server.process().output();
        const Reason reason{"a student wants to see frames, and not only that there are bytes", "",
                            engine};
        for (const std::string& line :
             {"< text frame, 6 bytes: hello\\n\n"s, "> text frame, 6 bytes: hello\\n\n"s,
              "< text frame, 200 bytes: " + std::string(60, 'a') + "\n",
              "> text frame, 70000 bytes: " + std::string(60, 'b') + "\n",
              "< ping frame, 3 bytes\n"s, "> pong frame, 3 bytes\n"s, "> close frame, "s})
            expect_that(contains(output, line), line, visible(output), reason);
    }
}

TEST_CASE("--max-body sets the limit on bodies") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --max-body 1000"));
    for (const auto& [size, status] : {std::pair(1000, 200), std::pair(1001, 413)}) {
        std::string body(static_cast<std::size_t>(size), 'x');
        expect_status(exchange(with_body("POST", "/echo", "text/plain", body), server), status,
                      {"1000 bytes are the limit here"});
        std::string chunk = size == 1000 ? "3e8\r\n" : "3e9\r\n";
        std::string chunks = chunk + body + "\r\n0\r\n\r\n";
        expect_status(exchange(chunked("/echo", chunks, {"Connection: close"}), server), status,
                      {"the limit also holds for chunks"});
    }
}

TEST_CASE("--max-body or --data without a good value is bad usage") {
    if (lacks_program()) return;
    for (const char* arguments : {"--max-body", "--max-body -1", "--max-body 1k", "--max-body 0x10",
                                  "--max-body 99999999999999999999999", "--data"}) {
        Process process(program_line(arguments), {});
        process.wait_for_end(patience);
        expect_that(process.exit_code() == 2 && contains(lower(process.output()), "usage"),
                    "exit code 2 and the usage", process.how_it_ended() + ": " + process.output(),
                    {"a mistyped limit must not turn the limit off", arguments});
    }
}

TEST_CASE("a data folder that cannot be written to is one clear line and exit code 1") {
    if (lacks_program()) return;
    DataFolder data;
    std::ofstream(data.path() / "file") << "not a folder\n";
    std::filesystem::create_directories(data.path() / "busy" / "messages.jsonl");
    for (const char* name : {"file", "file/below", "busy"}) {
        std::string folder = (data.path() / name).string();
        std::string port = std::to_string(free_port());
        Process process(program_line("--port " + port + " --data '" + folder + "'"),
                        {"SECRET_KEY=any"});
        process.wait_for_end(patience);
        std::string output = process.output();
        bool one_line = std::count(output.begin(), output.end(), '\n') == 1;
        expect_that(process.exit_code() == 1 && one_line && contains(output, name),
                    "exit code 1 and one line with the name of the folder",
                    process.how_it_ended() + ": " + output,
                    {"better to fail at the start than at the first visitor's message"});
    }
}

TEST_CASE("the data folder is made if it does not exist, and everything that is kept is in it") {
    if (lacks_program()) return;
    DataFolder data("some/new/folder");
    ServerProcess server(data.launch("--quiet"));
    std::string name = unique();
    visit({name}, server);
    std::string content = file_content(data.path() / "messages.jsonl");
    expect_that(contains(content, name) && content.ends_with('\n'),
                "the message in messages.jsonl, on a line of its own", content,
                {"303 promises that it is in the file by then"});
    std::string body = multipart({{"file", "hello\n", "../../../escaped.txt", "text/plain"}});
    Exchange reply = exchange(with_body("POST", "/upload", multipart_type, body), server);
    expect_status(reply, 303, {"a text"});
    expect_that(!std::filesystem::exists(data.root() / "escaped.txt") &&
                    !std::filesystem::exists(data.root() / "some" / "escaped.txt"),
                "nothing outside the folder of uploads", "a file where the client's name points",
                {"the client's filename has no influence"});
}

TEST_CASE("with SECRET_KEY sessions survive a restart, even if a new key comes before the old") {
    if (lacks_program()) return;
    DataFolder data;
    std::string name = unique();
    std::string cookie;
    {
        ServerProcess server(data.launch("--quiet", {"SECRET_KEY=old-secret"}));
        cookie = visit({name}, server);
    }
    const Reason kept = {"the cookie is signed with the key, and the key is the same"};
    for (const char* secret : {"old-secret", "new-secret,old-secret", "new , old-secret"})
        expect_that(remembered(data, secret, cookie) == name, "the visitor's name",
                    std::string("none with SECRET_KEY=") + secret, kept);
    const Reason gone = {"a cookie that no key verifies isn't a session", "the key was changed"};
    for (const char* secret : {"new-secret", "old-secret2", "old", ""})
        expect_that(remembered(data, secret, cookie).empty(), "an empty field",
                    std::string("the name with SECRET_KEY=") + secret, gone);
}

TEST_CASE("without SECRET_KEY the server says what that means, and a restart forgets visitors") {
    if (lacks_program()) return;
    DataFolder data;
    std::string name = unique();
    std::string cookie;
    {
        ServerProcess server(data.launch("--quiet", {"SECRET_KEY="}));
        cookie = visit({name}, server);
        Exchange page = exchange(get("/contact", {cookie}), server);
        expect_in_body(page, name, {"the random key is good as long as the server runs"});
        expect_that(contains(server.process().output(), "SECRET_KEY"), "a warning at the start",
                    server.process().output(), {"a user must be able to tell why sessions end"});
    }
    expect_that(remembered(data, "", cookie).empty(), "an empty field", "the name",
                {"with a fixed default key, any client could sign sessions"});
}

TEST_CASE("a store that cannot grow refuses messages, and keeps no half line") {
    if (lacks_program()) return;
    DataFolder data;
    // A limit of 8 KiB for a file stands for a full disk. A disk sends no signal, so it is ignored.
    ServerProcess server(data.launch("--quiet", {}, "trap '' XFSZ; ulimit -f 16;"));
    int taken = 0;
    int refused = 0;
    for (int i = 0; i < 12; ++i) {
        Exchange reply = exchange(contact({unique(), "", std::string(1900, 'm')}), server);
        expect_status(reply, {303, 500, 507}, {"stored, or a clear error of the server"});
        ++(reply.reply.status == 303 ? taken : refused);
    }
    expect_that(taken > 0 && refused > 0, "some taken, then refusals",
                std::to_string(taken) + " taken, " + std::to_string(refused) + " refused",
                {"a 303 for a message that is not on disk would be a lie"});
    Exchange list = exchange(get("/api/messages?limit=1"), server);
    expect_in_body(list, "\"total\":" + std::to_string(taken), {"exactly those that were taken"});
    std::string content = file_content(data.path() / "messages.jsonl");
    expect_that(content.ends_with('\n'), "whole lines in the file", "half a line at its end",
                {"cut off what a failed write has left behind"});
}

TEST_SUITE_END();
