// From a path to a file: what must never be served, however the path is spelled and whatever link
// leads there; folders, file types, odd names, and the compressed copy beside a file.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "text.hpp"

TEST_SUITE_BEGIN("level 3");

TEST_CASE("no spelling of a path leads out of the folder") {
    const char* const targets[] = {"/files/../../../../../../etc/passwd",
                                   "/files/../static/style.css",
                                   "/files/%2e%2e/static/style.css",
                                   "/files/%2E%2E/%2E%2E/%2E%2E/%2E%2E/%2E%2E/etc/passwd",
                                   "/files/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
                                   "/files/%2e%2e%2fstatic%2fstyle.css",
                                   "/files/..%5cstatic%5cstyle.css",
                                   "/files/..\\static\\style.css",
                                   "/files/.%2e/static/style.css",
                                   "/files/%252e%252e/static/style.css",
                                   "/files/..%252fstatic%252fstyle.css",
                                   "/files/%2fetc%2fpasswd",
                                   "/files//etc/passwd",
                                   "//etc/passwd",
                                   "/../../../../../../etc/passwd",
                                   "/static/../../../../../../etc/passwd",
                                   "/files/..",
                                   "/files/../",
                                   "/files/notes/../../static/style.css",
                                   "/files/....//....//etc/passwd",
                                   "/files/..%00/static/style.css",
                                   "/static/style.css%00",
                                   "/static/style.css%00.html",
                                   "/files/%c0%ae%c0%ae/static/style.css"};
    std::vector<Script> requests;
    for (const char* target : targets) requests.push_back(get(target));
    std::vector<Exchange> replies = exchange_all(requests);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        expect_status(
            replies[i], {404, 400},
            {"CWE-22: a path that leaves the folder by '..' is path traversal",
             "decode once, refuse '..', '\\' and NUL, then compare the real path", targets[i]});
        expect_not_in_reply(replies[i], "root:", {"/etc/passwd is not part of the site"});
    }
}

TEST_CASE("a symbolic link out of the folder is 404") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "file.txt");
    std::filesystem::create_directory_symlink("/etc", folder.path() / "folder");
    std::filesystem::create_symlink("file.txt", folder.path() / "link-to-link.txt");
    for (const char* name : {"file.txt", "folder/passwd", "link-to-link.txt", "folder/"}) {
        Exchange reply = exchange(get(folder.address(name)));
        expect_status(reply, 404,
                      {"CWE-59: through a link out of the folder a client could read any file",
                       "follow the links first (realpath), then compare with the root"});
        expect_not_in_reply(reply, "root:", {"/etc/passwd is not part of the site"});
    }
}

TEST_CASE("a symbolic link within the folder is followed") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("real.txt", "the real one");
    std::filesystem::create_symlink("real.txt", folder.path() / "link.txt");
    Exchange reply = exchange(get(folder.address("link.txt")));
    expect_status(reply, 200, {"it leads to a file of the site"});
    expect_body(reply, "the real one", {"the content is that of the file it leads to"});
}

TEST_CASE("dot-files are 404") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    for (const std::string& address :
         {folder.write(".htpasswd", "secret"), folder.write(".git/config", "secret"),
          folder.write("sub/.env", "secret"), folder.address("%2ehtpasswd")}) {
        Exchange reply = exchange(get(address));
        expect_status(reply, 404, {"dot-files are hidden: .git and .env hold secrets"});
        expect_not_in_reply(reply, "secret", {"its content must not get out"});
    }
}

TEST_CASE("a named pipe is 404, without waiting for a writer") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    REQUIRE(mkfifo((folder.path() / "pipe.txt").c_str(), 0644) == 0);
    Exchange reply = exchange(get(folder.address("pipe.txt")));
    expect_status(reply, 404,
                  {"only regular files are files of the site",
                   "open() of a FIFO waits for a writer unless O_NONBLOCK is given; "
                   "then fstat() and S_ISREG"});
}

TEST_CASE("a folder without its slash is redirected to the address with it") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("sub/index.html", "<h1>index</h1>");
    for (auto [query, expected] :
         {std::pair("sub", "sub/"), std::pair("sub?a=1&b", "sub/?a=1&b")}) {
        Exchange reply = exchange(get(folder.address(query)));
        expect_status(reply, 301, {"without the slash, relative links in the page go wrong"});
        std::string location = reply.reply.value("Location");
        expect(location.ends_with(folder.address(expected)), reply,
               "Location: " + folder.address(expected), "Location: " + location,
               {"RFC 9110 §10.2.2: the new address, with the query of the old one"});
    }
    expect_status(exchange(get("/files")), 301, {"this is also a folder"});
}

TEST_CASE("a folder shows its index.html, and without one it is not listed") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("sub/index.html", "<h1>index</h1>");
    folder.write("bare/file.txt", "text");
    Exchange index = exchange(get(folder.address("sub/")));
    expect_status(index, 200, {"index.html is the page of a folder"});
    expect_body(index, "<h1>index</h1>", {"the page is the file"});
    Exchange bare = exchange(get(folder.address("bare/")));
    expect_status(bare, {403, 404}, {"without index.html there is nothing to show"});
    expect_not_in_reply(bare, "file.txt", {"names that no page links to stay private"});
}

TEST_CASE("a file is not a folder") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("file.txt", "text");
    for (const char* name : {"file.txt/", "file.txt/more", "missing.txt", "missing/"})
        expect_status(exchange(get(folder.address(name))), 404, {"there is no such file"});
}

TEST_CASE("an empty file has a body of no bytes") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("empty.txt", "");
    Exchange reply = exchange(get(address));
    expect_status(reply, 200, {"an empty file is a file"});
    expect_field(reply, "Content-Length", "0", {"RFC 9110 §8.6: its length is 0"});
    expect_status(exchange(get(address, {"Range: bytes=0-3"})), {416, 200},
                  {"RFC 9110 §14.1.2: it has no first byte"});
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
                      {"RFC 3986 §2.1: %NN stands for a byte of the name",
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
        {"a.PNG", "image/png"},
        {"a.min.css", "text/css; charset=utf-8"},
        {"a.unheard-of", "application/octet-stream"},
        {"no-suffix", "application/octet-stream"},
        {"css", "application/octet-stream"}};
    std::vector<Script> requests;
    for (const auto& [name, type] : types) requests.push_back(get(folder.write(name, "x")));
    std::vector<Exchange> replies = exchange_all(requests);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const std::string& expected = types[i].second;
        std::string got = lower(replies[i].reply.value("Content-Type"));
        // A charset is also accepted where it is not needed, on JSON and SVG.
        expect(got == expected || got == expected + "; charset=utf-8", replies[i],
               "Content-Type: " + expected, "Content-Type: " + got,
               {"RFC 9110 §8.3: with nosniff a browser believes the type, so it must be right",
                "look at what follows the last dot, in lower case"});
    }
}

TEST_CASE("a .gz beside a file goes to a client that accepts gzip") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("page.css", "body { color: black }");
    std::string compressed = "\x1f\x8b" + pattern(0, 30);  // the server must not look into it
    folder.write("page.css.gz", compressed);
    Exchange plain = exchange(get(address));
    expect_body(plain, "body { color: black }", {"a client that does not ask for gzip gets none"});
    expect_absent(plain, "Content-Encoding", {"RFC 9110 §8.4: the plain file is not encoded"});
    for (const char* accepted : {"gzip", "br, GZIP", "gzip;q=0.5, *;q=0", "deflate , gzip ; q=1"}) {
        Exchange reply = exchange(get(address, {std::string("Accept-Encoding: ") + accepted}));
        expect_field(reply, "Content-Encoding", "gzip",
                     {"RFC 9110 §12.5.3: the client takes gzip"});
        expect_body(reply, compressed, {"the bytes of the .gz file, as they are"});
        expect_field(reply, "Content-Type", "text/css; charset=utf-8",
                     {"RFC 9110 §8.3: the type of what comes out when it is unpacked"});
        expect_listed(reply, "Vary", "Accept-Encoding",
                      {"RFC 9110 §12.5.5: a cache must not give this to every client"});
        expect(reply.reply.value("ETag") != plain.reply.value("ETag"), reply,
               "another ETag than that of the plain file", "the same",
               {"RFC 9110 §8.8.3.3: an ETag names exact bytes, and these are different ones"});
    }
    expect_listed(plain, "Vary", "Accept-Encoding",
                  {"RFC 9110 §12.5.5: the plain reply also depends on Accept-Encoding"});
}

TEST_CASE("a .gz is not sent to a client that refuses gzip") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("page.css", "plain");
    folder.write("page.css.gz", "\x1f\x8b compressed");
    for (const char* refused :
         {"gzip;q=0", "gzip; q=0.0", "gzip;q=0.000", "br", "identity", "", "xgzip", "*;q=0"})
        expect_body(exchange(get(address, {std::string("Accept-Encoding: ") + refused})), "plain",
                    {"RFC 9110 §12.4.2: q=0 means not acceptable",
                     "split the list, then look at each member's q", refused});
}

TEST_CASE("a .gz that can't be sent leaves the file as it is") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const Reason reason = {"a rule of ours: a compressed copy never changes the status",
                           "if anything is wrong with the copy, go on as if there were none"};
    const std::string beside_folder = folder.write("a.css", "plain");
    std::filesystem::create_directory(folder.path() / "a.css.gz");
    const std::string beside_link = folder.write("b.css", "plain");
    std::filesystem::create_symlink("nowhere", folder.path() / "b.css.gz");
    const std::string beside_old = folder.write("c.css", "plain");
    folder.write("c.css.gz", "old");
    std::filesystem::last_write_time(
        folder.path() / "c.css.gz",
        std::filesystem::last_write_time(folder.path() / "c.css") - std::chrono::nanoseconds(1));
    for (const std::string& address : {beside_folder, beside_link, beside_old}) {
        Exchange reply = exchange(get(address, {"Accept-Encoding: gzip"}));
        expect_status(reply, 200, reason);
        expect_body(reply, "plain", reason);
    }
}

TEST_CASE("x-gzip is gzip") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write("page.css.gz", "compressed");
    expect_body(exchange(get(address, {"Accept-Encoding: x-gzip"})), "compressed",
                {"RFC 9110 §8.4.1.3: x-gzip is another name of gzip"});
}

TEST_CASE("an index.html that is a folder is not an index") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::filesystem::create_directories(folder.path() / "idx/index.html");
    expect_status(exchange(get(folder.address("idx/"))), 404,
                  {"a redirect answers what was asked, and idx/ is right"});
    Exchange reply = exchange(get(folder.address("idx/index.html")));
    expect_status(reply, 301, {"that is a folder without its slash"});
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
                 {"RFC 9110 §8.8.2.1: Last-Modified is never after Date; then Date is sent"});
}

TEST_CASE("a .gz that is a link out of the folder is not sent") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("page.css", "plain");
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "page.css.gz");
    Exchange reply = exchange(get(address, {"Accept-Encoding: gzip"}));
    expect_status(reply, {200, 404}, {"the file itself is there"});
    expect_not_in_reply(reply, "root:", {"the same rule holds for the copy as for the file"});
}

TEST_CASE("a change to a file on disk shows within two seconds") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("news.txt", "old news");
    Exchange before = exchange(get(address));
    expect_body(before, "old news", {"the file as it is"});
    folder.write("news.txt", "new news");  // as long as before, so the size doesn't give it away
    Exchange after = exchange(get(address));
    for (double end = now() + 2.5; now() < end && after.reply.body != "new news";) {
        let_pass(0.05);
        after = exchange(get(address));
    }
    expect_body(after, "new news",
                {"a cache of files must look at the disk now and then",
                 "remember when you last looked; once a second is plenty"});
    expect(after.reply.value("ETag") != before.reply.value("ETag"), after, "another ETag",
           "the same ETag", {"RFC 9110 §8.8.3: other bytes need another ETag"});
}

TEST_SUITE_END();
