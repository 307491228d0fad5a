// Files that are larger than any buffer. They must arrive whole and cost no memory, even if, in the
// middle of one, the client stops reading, the server is stopped, or the file is cut short.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "leak_check.hpp"
#include "public_folder.hpp"
#include "report.hpp"
#include "reporter.hpp"
#include "settings.hpp"

namespace {

constexpr std::size_t mebibyte = 1 << 20;
constexpr double long_patience = 15.0;  // for 64 MiB under a sanitizer
// Seconds since 1970. A cache may leave out what has only just been written.
constexpr std::time_t long_ago = 1'000'000'000;
constexpr int small_window = 4096;  // so that the kernel accepts little for a client

// The server has soon no more open descriptors than before, give or take a few.
void expect_closed_again(const std::optional<Usage>& before, const std::string& when,
                         const Reason& reason, Where where = Where::here()) {
    constexpr int spare = 10;
    Process& process = shared_server().process();
    std::optional<Usage> after = process.usage();
    for (const double until = now() + 1.0; before && after && now() < until;) {
        if (after->descriptors <= before->descriptors + spare) break;
        let_pass(0.05);  // the last connections may not have been closed yet
        after = process.usage();
    }
    if (!before || !after) {
        remark("descriptors not counted, because there is no /proc here");
        return;
    }
    const int more = after->descriptors - before->descriptors;
    expect_that(more <= spare, "at most 10 more open descriptors " + when,
                std::to_string(more) + " more", reason, where);
}

// Does without expect_body(), which would copy and compare 64 MiB to say where they differ.
void expect_pattern(const Exchange& reply, std::size_t offset, std::size_t size) {
    expect(reply.reply.body == pattern(offset, size), reply,
           std::to_string(size) + " bytes of the file from byte " + std::to_string(offset) + " on",
           std::to_string(reply.reply.body.size()) + " bytes, of which some differ",
           {"send() and sendfile() may take only a part of what they are given",
            "go on from where the last call ended, until all is sent"});
}

}  // namespace

TEST_SUITE_BEGIN("level3 / 8 large files and the end");

TEST_CASE("a file of 64 MiB arrives whole, and so does a part of it") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write_pattern("big.bin", 64 * mebibyte);
    Client client;
    // Both at once, because reading 64 MiB takes so long that an idle connection may be closed.
    client.send(get_and_stay(address) + get_and_stay(address, {"Range: bytes=50000000-52999999"}));
    Exchange whole = client.read_reply("GET", long_patience);
    Exchange part = client.read_reply("GET", long_patience);
    expect_status(whole, 200, {"a file may be of any size"});
    expect_pattern(whole, 0, 64 * mebibyte);
    expect_status(part, 206, {"a part from deep inside, on the same connection"});
    expect_pattern(part, 50'000'000, 3'000'000);
}

TEST_CASE("a file of 5 GiB has its true length, and its last bytes can be had alone") {
    if (lacks_public_folder()) return;
    constexpr std::uintmax_t size = 5'368'709'120;
    PublicFolder folder;
    const std::string address = folder.write("huge.bin", "the beginning");
    const std::filesystem::path file = folder.path() / "huge.bin";
    std::error_code error;
    std::filesystem::resize_file(file, size, error);  // what lies between takes no space on disk
    if (error || sizeof(std::size_t) < 8) {
        skip(error ? "a file of 5 GiB can't be made here" : "this judge counts in 32 bits itself");
        return;
    }
    std::ofstream(file, std::ios::binary | std::ios::app) << "the end";
    const std::string length = std::to_string(size + 7);
    const Reason reason = {"a file may be larger than 32 bits can count",
                           "keep sizes and offsets in 64 bits: std::uint64_t, not int or unsigned"};
    const Exchange head = exchange(request("HEAD", address));
    expect_status(head, 200, reason);
    expect_field(head, "Content-Length", length, reason);
    const Exchange end = exchange(get(address, {"Range: bytes=" + std::to_string(size) + "-"}));
    expect_status(end, 206, reason);
    expect_body(end, "the end", reason);
    Client client;
    client.send(get(address));
    client.receive_at_least(1000);
    const Exchange begun = client.so_far();
    expect(begun.reply.value("Content-Length") == length &&
               begun.reply.body.starts_with("the beginning"),
           begun, "Content-Length: " + length + ", and then the file from its first byte on", "",
           reason);
}

TEST_CASE("two clients that receive different files at once each get their own") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::size_t size = 16 * mebibyte;  // more than the kernel keeps for a connection
    Client one;
    Client other;
    one.send(get(folder.write_pattern("one.bin", size)));
    other.send(get(folder.write("other.bin", pattern(size, size))));
    one.receive_at_least(1000);
    other.receive_at_least(1000);
    // Both have begun. Now in turns, so that neither is served whole before the other.
    const double until = now() + long_patience;
    for (bool over = false; !over && now() < until;) {
        const bool one_ended = one.ended();
        over = other.ended() && one_ended;
    }
    const Exchange replies[] = {one.read_to_end(0), other.read_to_end(0)};
    for (const std::size_t i : {0u, 1u}) {
        expect_status(replies[i], 200, {"a file may be of any size"});
        expect(replies[i].reply.body == pattern(i * size, size), replies[i],
               "the file that was asked for, byte for byte", "other bytes",
               {"what one client is sent must not get into another one's reply",
                "give each connection a buffer of its own, not one for the whole program"});
    }
}

TEST_CASE("files about as large as a buffer arrive whole") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    for (std::size_t near : {4096u, 16'384u, 65'536u, 262'144u, 1'048'576u}) {
        for (std::size_t size : {near - 1, near, near + 1}) {
            Exchange reply =
                exchange(get(folder.write_pattern(std::to_string(size) + ".bin", size)));
            expect_status(reply, 200, {"a file may be of any size"});
            expect_pattern(reply, 0, size);
        }
    }
}

TEST_CASE("clients that never read a large file neither hold up others nor cost memory") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write_pattern("big.bin", 64 * mebibyte);
    Process& process = shared_server().process();
    std::optional<Usage> before = process.usage();
    std::vector<Client> stalled;
    for (int i = 0; i < 10; ++i) {
        stalled.emplace_back(shared_server(), small_window);
        stalled.back().send(get(address));
    }
    for (int i = 0; i < 10; ++i) {
        for (const char* target : {"/about", "/static/style.css"}) {
            Exchange reply = exchange(get(target));
            expect_status(reply, 200, {"a client that does not read must not affect the others"});
            expect(reply.seconds < 3.0, reply, "a reply within 3 s",
                   std::to_string(reply.seconds) + " s",
                   {"send() must not block all the others",
                    "hold no lock while you send, and wait for room for one client only"});
        }
    }
    std::optional<Usage> after = process.usage();
    if (!before || !after) {
        remark("memory not measured, because there is no /proc here");
        return;
    }
    long long grown = (after->memory_bytes - before->memory_bytes) / 1024;
    expect_that(grown < 48 * 1024, "at most 48 MiB more memory for 10 clients",
                std::to_string(grown) + " KiB more",
                {"a server that reads a file whole before sending it needs 64 MiB for each client",
                 "read or sendfile() a piece, send it, then go on to the next one"});
}

TEST_CASE("a client that reads a very large file doesn't hold up the others") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("huge.bin", "the beginning");
    std::error_code error;
    std::filesystem::resize_file(folder.path() / "huge.bin", 5'368'709'120, error);
    if (error) {
        skip("a file of 5 GiB can't be made here");
        return;
    }
    Client reader;
    reader.send(get(address));
    reader.receive_at_least(mebibyte);
    for (const char* target : {"/about", "/static/style.css"}) {
        Client other;
        other.send(get(target));
        const double asked = now();
        while (!other.ended() && !reader.ended() && now() < asked + patience) {
            reader.receive_more(now() + 0.1);
            reader.forget();
        }
        const double seconds = now() - asked;
        const Exchange reply = other.read_to_end(reader.ended() ? patience : 0);
        const Reason reason = {
            "one download must not keep all other clients waiting",
            "serve each client in a thread; or, in a loop, send a piece, and then look after the others"};
        expect_status(reply, 200, reason);
        expect(!reader.ended() && seconds < 3.0, reply,
               "a reply within 3 s, while the other client still receives its file",
               std::to_string(seconds) + " s", reason);
    }
}

TEST_CASE("a client that doesn't read for three seconds still gets its whole file") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::size_t size = 16 * mebibyte;  // more than the kernel keeps for a connection
    Client client;
    client.send(get(folder.write_pattern("big.bin", size)));
    client.receive_at_least(1000);
    let_pass(3.0);
    Exchange whole = client.read_to_end(long_patience);
    expect_status(whole, 200,
                  {"a train goes through a tunnel; that isn't the end of a connection",
                   "wait for room with poll() or a blocking send(), for ten seconds, say"});
    expect_pattern(whole, 0, size);
}

TEST_CASE("a client that asks for a close, and then sends something more, gets its whole file") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::size_t size = 16 * mebibyte;  // more than the kernel keeps for a connection
    const std::string address = folder.write_pattern("big.bin", size);
    for (const std::string& more : {std::string("\r\n"), get("/")}) {
        Client client;
        client.send(get(address, {"Connection: close"}));
        client.receive_at_least(1000);
        client.send(more);
        Exchange whole = client.read_to_end(long_patience);
        expect_status(whole, 200, {"MUST RFC 9112 §9.6: what follows a close is ignored"});
        expect_pattern(whole, 0, size);
    }
}

TEST_CASE("a thousand small files cost hardly more memory than some of them") {
    if (lacks_public_folder()) return;
    constexpr int count = 1000;
    constexpr int warm_up = 300;
    PublicFolder folder;
    folder.write_pattern("0.bin", 60'000);
    folder.set_changed("0.bin", long_ago);
    Process& process = shared_server().process();
    std::optional<Usage> before;
    for (int i = 0; i < count; ++i) {
        const std::string name = std::to_string(i) + ".bin";
        if (i > 0) std::filesystem::create_hard_link(folder.path() / "0.bin", folder.path() / name);
        expect_status(exchange(get(folder.address(name))), 200, {"each of the files is there"});
        if (i == warm_up) before = process.usage();
    }
    const std::optional<Usage> after = process.usage();
    if (!before || !after) {
        remark("memory not measured, because there is no /proc here");
        return;
    }
    const long long grown = (after->memory_bytes - before->memory_bytes) / 1024;
    expect_that(grown < 24 * 1024, "at most 24 MiB more memory for 700 more files of 60 KB",
                std::to_string(grown) + " KiB more",
                {"a client can ask for any number of files, so a cache of them needs a limit",
                 "count the entries, and drop some before you add one too many"});
}

TEST_CASE("a large file that has been sent is not kept open") {
    if (lacks_public_folder()) return;
    constexpr int count = 60;
    PublicFolder folder;
    std::vector<Script> requests;
    for (int i = 0; i < count; ++i) {
        const std::string name = std::to_string(i) + ".bin";
        requests.push_back(get(folder.write_pattern(name, 100'000)));
        folder.set_changed(name, long_ago);
    }
    expect_status(exchange(requests.front()), 200, {"each of the files is there"});
    const std::optional<Usage> before = shared_server().process().usage();
    for (const Exchange& reply : exchange_all(requests))
        expect_status(reply, 200, {"each of the files is there"});
    expect_closed_again(
        before, "after 60 large files",
        {"a file that is kept open stays on the disk after it has been deleted, and takes one "
         "of the descriptors that clients need",
         "close it when it has been sent; keep at most the content of small files"});
}

TEST_CASE("a client that leaves in the middle of a large file doesn't end the server") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write_pattern("big.bin", 16 * mebibyte);
    expect_status(exchange(get("/about")), 200, {"the server has begun its work"});
    const std::optional<Usage> before = shared_server().process().usage();
    for (int i = 0; i < 20; ++i) {
        Client client;
        client.send(get(address));
        client.receive_at_least(1000);
        client.reset();
    }
    expect_status(exchange(get("/about")), 200,
                  {"sendfile() and write() have no MSG_NOSIGNAL, so ignore SIGPIPE"});
    expect_closed_again(before, "after 20 clients that left",
                        {"neither a client that has gone nor its file is of any use",
                         "close both also where sending has failed"});
}

TEST_CASE("a file that is cut while it is sent ends the connection, not the server") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write_pattern("shrinking.bin", 32 * mebibyte);
    Client client;
    // A reply to the second request would be taken for a part of the file.
    client.send(get_and_stay(address) + get_and_stay("/about"));
    client.receive_at_least(1000);
    // Most of it is still on disk, because no kernel buffers 32 MiB for a client that doesn't read.
    std::filesystem::resize_file(folder.path() / "shrinking.bin", 0);
    Exchange cut = client.read_to_end();
    const Reason reason = {
        "MUST RFC 9112 §6.3: from fewer bytes than Content-Length the client knows that some are missing",
        "if read() or sendfile() returns 0 too early, close; don't wait, and don't pad the rest"};
    bool ended = cut.ending == Ending::closed || cut.ending == Ending::reset;
    expect(ended && !cut.reply.complete(), cut,
           "an incomplete reply, then the end of the connection", outcome(cut), reason);
    expect(cut.reply.body == pattern(0, cut.reply.body.size()), cut,
           "only bytes that were in the file", "other bytes", reason);
    expect_status(exchange(get("/about")), 200,
                  {"reading a mapped file that was cut raises SIGBUS; sendfile() does not"});
}

TEST_CASE("a file that grows while it is sent is as long as its reply has announced") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::size_t size = 16 * mebibyte;  // more than the kernel keeps for a connection
    const std::string address = folder.write_pattern("growing.bin", size);
    Client client;
    client.send(get(address));
    client.receive_at_least(1000);
    std::ofstream(folder.path() / "growing.bin", std::ios::binary | std::ios::app)
        << std::string(mebibyte, 'x');
    const Exchange reply = client.read_to_end(long_patience);
    const Reason reason = {
        "MUST RFC 9112 §6.3: the body is as long as Content-Length says, and what follows it would "
        "be taken for the next reply",
        "count down what is left to send, and stop at 0, not at the end of the file"};
    expect_status(reply, 200, reason);
    expect_one_reply_then_close(reply, reason);
    expect_pattern(reply, 0, size);
}

TEST_CASE("SIGTERM while a large file is sent: it arrives whole, then the server ends") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::size_t size = 16 * mebibyte;  // more than the kernel keeps for a connection
    std::string address = folder.write_pattern("big.bin", size);
    ServerProcess server;
    Client client(server);
    client.send(get_and_stay(address));
    client.receive_at_least(1000);
    server.signal(SIGTERM);
    expect_that(refuses_connections(server), "new connections are refused", "they are accepted",
                {"the server has begun to stop"});
    Exchange whole = client.read_to_end();
    expect_status(whole, 200, {"a clean stop loses no reply in flight"});
    expect_one_reply_then_close(whole, {"a server that stops closes its connections"});
    expect_pattern(whole, 0, size);
    server.process().wait_for_end(patience);
    expect_that(server.process().exit_code() == 0, "exit code 0 within 5 s",
                server.process().how_it_ended(), {"SIGTERM is a request to stop, not an error"});
}

TEST_CASE("after thousands of requests nothing is left behind") {
    std::vector<std::string> requests = {get("/"),
                                         get("/static/style.css"),
                                         get("/users/42"),
                                         get("/nothing/here"),
                                         get("/about", {"X : y"}),
                                         get_and_stay("/about") + get("/api/v1/users/42")};
    std::optional<PublicFolder> folder;
    if (!settings().public_folder.empty()) {
        folder.emplace();
        const std::vector<std::string> files = requests_for_files(*folder);
        requests.insert(requests.end(), files.begin(), files.end());
    }
    expect_nothing_left_behind(requests);
}

TEST_SUITE_END();
