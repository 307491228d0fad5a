// From a path to a file: folders and their index, odd names, types, and files that change.
// What must never be served is in blackbox_paths.cpp, compressed copies in blackbox_compressed.cpp.
#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "text.hpp"

TEST_SUITE_BEGIN("level3 / 3 files");

TEST_CASE("a folder without its slash is redirected to the address with it") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("sub/index.html", "<h1>index</h1>");
    folder.write("two words/index.html", "<h1>index</h1>");
    for (auto [query, expected] : {std::pair("sub", "sub/"), std::pair("sub?a=1&b", "sub/?a=1&b"),
                                   std::pair("sub?a=1?b=2/c", "sub/?a=1?b=2/c"),
                                   std::pair("two%20words?a=%20", "two%20words/?a=%20")}) {
        Exchange reply = exchange(get(folder.address(query)));
        expect_status(reply, 301, {"without the slash, relative links in the page go wrong"});
        std::string location = reply.reply.value("Location");
        expect(
            location.ends_with(folder.address(expected)), reply,
            "Location: " + folder.address(expected), "Location: " + location,
            {"the new address, with the query of the old one: all that follows the first '?' (RFC 3986 "
             "§3.4), percent-encoded as it came",
             "put the slash into the target as it was sent, not into the decoded path"});
    }
    expect_status(exchange(get("/files")), 301, {"this is also a folder"});
}

TEST_CASE("no address leads to another site") {
    expect_status(exchange(get("/files")), 301, {"one slash, and this is a folder of the site"});
    for (const char* target : {"//files", "//static", "//files/..", "/files//static"}) {
        Exchange reply = exchange(get(target));
        expect_status(reply, {200, 301, 302, 307, 308, 400, 403, 404},
                      {"it may be taken for the folder, or for nothing"});
        const std::string location = reply.reply.value("Location");
        expect(
            !location.starts_with("//"), reply, "no Location that begins with two slashes",
            "Location: " + location,
            {"MUST RFC 3986 §4.2: what follows two slashes is a host, so //evil.example would lead to "
             "another site (CWE-601, such as CVE-2021-28861 in Python)",
             "refuse an empty segment, or make one slash of several before you redirect", target});
    }
}

TEST_CASE("a folder shows its index.html, and without one it is not listed") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("sub/index.html", "<h1>index</h1>");
    folder.write("bare/file.txt", "text");
    Exchange index = exchange(get(folder.address("sub/")));
    const Reason reason = {"index.html is the page of a folder, with all that a file has",
                           "find the file first; then take type and ETag from it"};
    expect_status(index, 200, reason);
    expect_body(index, "<h1>index</h1>", {"the page is the file"});
    expect_field(index, "Content-Type", "text/html; charset=utf-8", reason);
    expect_status(
        exchange(get(folder.address("sub/"), {"If-None-Match: " + index.reply.value("ETag")})), 304,
        reason);
    Exchange bare = exchange(get(folder.address("bare/")));
    expect_status(bare, {403, 404}, {"without index.html there is nothing to show"});
    expect_not_in_reply(bare, "file.txt", {"names that no page links to stay private"});
}

TEST_CASE("a file is not a folder") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    expect_status(exchange(get(folder.write("neighbour.txt", "public"))), 200,
                  {"its neighbour is public"});
    folder.write("file.txt", "text");
    for (const char* name : {"file.txt/", "file.txt/more", "missing.txt", "missing/"})
        expect_status(exchange(get(folder.address(name))), 404, {"there is no such file"});
}

TEST_CASE("an index.html that is a folder is not an index") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    expect_status(
        exchange(
            get(folder.write("sub/index.html", "page").substr(0, folder.address("sub/").size()))),
        200, {"an index.html that is a file is one"});
    std::filesystem::create_directories(folder.path() / "idx/index.html");
    expect_status(exchange(get(folder.address("idx/"))), {403, 404},
                  {"a redirect answers what was asked, and idx/ is right"});
    Exchange reply = exchange(get(folder.address("idx/index.html")));
    expect_status(reply, 301, {"that is a folder without its slash"});
}

TEST_CASE("POST, PUT, PATCH and DELETE of a file are 405") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("file.txt", "text");
    expect_status(exchange(get(address)), 200, {"the file is there"});
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
        expect_status(exchange(request(method, address, {"Content-Length: 0"})), 405,
                      {"SHOULD RFC 9110 §15.5.6: the file is there, the method is not",
                       "ask the router, as for every other address", method});
}

TEST_CASE("an empty file has a body of no bytes") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("empty.txt", "");
    Exchange reply = exchange(get(address));
    expect_status(reply, 200, {"an empty file is a file"});
    expect_field(reply, "Content-Length", "0", {"MUST RFC 9110 §8.6: its length is 0"});
    for (const char* range : {"bytes=0-3", "bytes=0-", "bytes=-5"})
        expect_status(exchange(get(address, {std::string("Range: ") + range})), {416, 200},
                      {"MAY RFC 9110 §14.2: no byte of it can be in a range", "", range});
}

TEST_CASE("odd names are found if they are percent-encoded") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    for (const std::string name : {"two words.txt", "gr\xc3\xbcn \xe2\x98\x83.txt", "100%.txt",
                                   "a+b.txt", "a&b=c.txt", "what?.txt", "#1.txt", "..almost.txt"}) {
        Exchange reply = exchange(get(folder.write(name, "content of " + name)));
        if (name.starts_with('.')) {
            expect_status(reply, 404, {"a name that starts with a dot is hidden"});
            continue;
        }
        expect_status(reply, 200,
                      {"MUST RFC 3986 §2.1: %NN stands for a byte of the name",
                       "decode the path once; '+' is a space only in queries"});
        expect_body(reply, "content of " + name, {"the content is that of the file"});
    }
    folder.write("c+d.txt", "plus");
    expect_body(exchange(get(folder.address("c+d.txt"))), "plus",
                {"in a path '+' is a plus; it is a space only in queries"});
}

TEST_CASE("the type of a file follows from its suffix") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::pair<std::string, std::string> types[] = {
        {"a.html", "text/html; charset=utf-8"},
        {"a.htm", "text/html; charset=utf-8"},
        {"a.css", "text/css; charset=utf-8"},
        {"a.js", "text/javascript; charset=utf-8"},
        {"a.mjs", "text/javascript; charset=utf-8"},
        {"a.txt", "text/plain; charset=utf-8"},
        {"a.csv", "text/csv; charset=utf-8"},
        {"a.json", "application/json"},
        {"a.svg", "image/svg+xml"},
        {"a.png", "image/png"},
        {"a.jpg", "image/jpeg"},
        {"a.jpeg", "image/jpeg"},
        {"a.gif", "image/gif"},
        {"a.webp", "image/webp"},
        {"a.pdf", "application/pdf"},
        {"a.woff2", "font/woff2"},
        {"a.mp4", "video/mp4"},
        {"a.wasm", "application/wasm"},
        {"b.PNG", "image/png"},
        {"a.min.css", "text/css; charset=utf-8"},
        {"a.css.txt", "text/plain; charset=utf-8"},
        {"a.html.png", "image/png"},
        {"a.unheard-of", "application/octet-stream"},
        {"no-suffix", "application/octet-stream"},
        {"css", "application/octet-stream"}};
    std::vector<Script> requests;
    for (const auto& [name, type] : types) requests.push_back(get(folder.write(name, name)));
    std::vector<Exchange> replies = exchange_all(requests);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const auto& [name, expected] = types[i];
        expect_body(replies[i], name,
                    {"names of files are compared with regard to case; only the suffix isn't, when "
                     "it is looked up in the list of types",
                     "make small letters of the suffix, and not of the path"});
        const std::string type = media_type(expected);
        std::string got = media_type(replies[i].reply.value("Content-Type"));
        // A charset is also accepted where it is not needed, on JSON and SVG.
        expect(
            got == type || got == type + ";charset=utf-8", replies[i], "Content-Type: " + expected,
            "Content-Type: " + got,
            {"SHOULD RFC 9110 §8.3: with nosniff a browser believes the type, so it must be right",
             "look at what follows the last dot, in lower case"});
    }
}

TEST_CASE("a file from the future was changed when the reply was made") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("a.txt", "x");
    std::filesystem::last_write_time(
        folder.path() / "a.txt",
        std::filesystem::file_time_type::clock::now() + std::chrono::hours(1000));
    Exchange reply = exchange(get(address));
    expect_field(reply, "Last-Modified", reply.reply.value("Date"),
                 {"MUST RFC 9110 §8.8.2.1: Last-Modified is never after Date; then Date is sent"});
}

TEST_CASE("a change to a file on disk shows within two seconds") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::time_t now_in_seconds = std::time(nullptr);
    const std::string address = folder.write("news.txt", "old news");
    folder.set_changed("news.txt", now_in_seconds - 20);
    Exchange before = exchange(get(address));
    expect_body(before, "old news", {"the file as it is"});
    folder.write("news.txt", "new news");  // as long as before, so the size doesn't give it away
    // In another second, because many good servers make their ETag of the second and the size.
    folder.set_changed("news.txt", now_in_seconds - 10);
    Exchange after = exchange(get(address));
    for (double end = now() + 2.5; now() < end && after.reply.body != "new news";) {
        let_pass(0.05);
        after = exchange(get(address));
    }
    expect_body(after, "new news",
                {"a cache of files must look at the disk now and then",
                 "remember when you last looked; once a second is plenty"});
    expect(after.reply.value("ETag") != before.reply.value("ETag"), after, "another ETag",
           "the same ETag", {"MUST RFC 9110 §8.8.1: other bytes need another ETag"});
}

TEST_CASE("a change within a second shows if the file has another size") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::time_t then = std::time(nullptr) - 20;
    const std::string address = folder.write("news.txt", "old");
    folder.set_changed("news.txt", then);
    const Exchange before = exchange(get(address));
    expect_body(before, "old", {"the file as it is"});
    folder.write("news.txt", "new and longer");
    folder.set_changed("news.txt", then);
    Exchange after = exchange(get(address));
    for (double end = now() + 2.5; now() < end && after.reply.body != "new and longer";) {
        let_pass(0.05);
        after = exchange(get(address));
    }
    const Reason reason = {
        "MUST RFC 9110 §8.8.1: other bytes need another ETag, and a file may change twice in a second",
        "make the ETag of time and size, and compare both before you send what you remember"};
    expect_body(after, "new and longer", reason);
    expect(after.reply.value("ETag") != before.reply.value("ETag"), after, "another ETag",
           "the same ETag", reason);
}

TEST_CASE("a new file appears, and a removed one disappears, within two seconds") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string old = folder.write("old.txt", "it was here");
    folder.set_changed("old.txt", std::time(nullptr) - 20);
    const std::string fresh = folder.address("new.txt");
    expect_status(exchange(get(old)), 200, {"the file is there"});
    expect_status(exchange(get(fresh)), 404, {"this one isn't there yet"});
    std::filesystem::remove(folder.path() / "old.txt");
    folder.write("new.txt", "it is here");
    Exchange gone = exchange(get(old));
    Exchange there = exchange(get(fresh));
    const auto as_on_disk = [&] {
        return gone.reply.status == 404 && there.reply.body == "it is here";
    };
    for (double end = now() + 2.5; now() < end && !as_on_disk();) {
        let_pass(0.05);
        gone = exchange(get(old));
        there = exchange(get(fresh));
    }
    expect_status(gone, 404,
                  {"a cache of files must notice that one has been removed",
                   "if it can't be opened any more, forget what was remembered of it"});
    expect_status(there, 200,
                  {"that a file was missing says nothing of now",
                   "don't remember what doesn't exist, because there is no end to such names"});
    expect_body(there, "it is here", {"the file as it is"});
}

TEST_SUITE_END();
