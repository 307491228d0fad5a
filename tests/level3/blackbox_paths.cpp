// What must never be served, however the path is spelled and whatever link leads there.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "settings.hpp"

TEST_SUITE_BEGIN("level3 / 7 what stays inside");

TEST_CASE("no spelling of a path leads out of the folder") {
    expect_status(exchange(get("/static/style.css")), 200, {"what is inside is served"});
    const std::vector<std::string> outside = {
        "/files/../../../../../../etc/passwd",
        "/files/%2E%2E/%2E%2E/%2E%2E/%2E%2E/%2E%2E/etc/passwd",
        "/files/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/files/%2fetc%2fpasswd",
        "/files//etc/passwd",
        "//etc/passwd",
        "/../../../../../../etc/passwd",
        "/static/../../../../../../etc/passwd",
        "/files/....//....//etc/passwd",
        "/files/..\\..\\..\\..\\..\\etc\\passwd",
        "/static/..%5c..%5c..%5c..%5c..%5cetc%5cpasswd",
        "/files/%252e%252e/%252e%252e/%252e%252e/%252e%252e/etc/passwd",
        "/files/..%252f..%252f..%252f..%252fetc%252fpasswd",
        "/files/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
        "/static/style.css%00",
        "/static/style.css%00.html",
        "/files/..%00/static/style.css"};
    // These name something that is public, if the dots are resolved (RFC 3986 §5.2.4).
    const std::vector<std::string> inside = {"/files/../static/style.css",
                                             "/files/%2e%2e/static/style.css",
                                             "/files/.%2e/static/style.css",
                                             "/files/%2e%2e%2fstatic%2fstyle.css",
                                             "/files/notes/../../static/style.css",
                                             "/files/..",
                                             "/files/../"};
    std::vector<Script> requests;
    for (const auto* targets : {&outside, &inside})
        for (const std::string& target : *targets) requests.push_back(get(target));
    std::vector<Exchange> replies = exchange_all(requests);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const bool may_be_public = i >= outside.size();
        const std::string target = may_be_public ? inside[i - outside.size()] : outside[i];
        Statuses statuses = {400, 403, 404, 301, 302, 307, 308};
        if (may_be_public) statuses.any_of.push_back(200);
        expect_status(
            replies[i], statuses,
            {"a path that leaves the folder by '..' is path traversal (CWE-22)",
             "decode once, refuse '..', '\\' and NUL, then compare the real path", target});
        expect_not_in_reply(replies[i], "root:", {"/etc/passwd is not part of the site"});
    }
}

TEST_CASE("a folder whose name only begins like the site's is another folder") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    expect_status(exchange(get(folder.write("neighbour.txt", "public"))), 200,
                  {"its neighbour is public"});
    const std::filesystem::path root = std::filesystem::absolute(settings().public_folder);
    const NeighbourFolder beside_root(root);
    const NeighbourFolder beside_files(root / "files");
    std::filesystem::create_symlink(beside_root.path() / "secret.txt", folder.path() / "link.txt");
    for (const std::string& target :
         {folder.address("link.txt"), "/files/../../" + beside_root.name() + "/secret.txt",
          "/static/%2e%2e/%2e%2e/" + beside_root.name() + "/secret.txt",
          "/files/../" + beside_files.name() + "/secret.txt",
          "/files/%2e%2e/" + beside_files.name() + "/secret.txt",
          "/files/..%2f" + beside_files.name() + "%2fsecret.txt"}) {
        Exchange reply = exchange(get(target));
        expect_status(reply, {400, 403, 404, 301, 302, 307, 308},
                      {"site-secret is not a part of site",
                       "compare with the root and a slash behind it", target});
        expect_not_in_reply(reply, beside_root.secret(), {"its content must not get out"});
    }
}

TEST_CASE("a link to a folder that begins like files leads as far as one to any other") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    expect_status(exchange(get(folder.write("neighbour.txt", "public"))), 200,
                  {"its neighbour is public"});
    const std::filesystem::path root = std::filesystem::absolute(settings().public_folder);
    const NeighbourFolder begins_otherwise(root / "static");
    const NeighbourFolder begins_alike(root / "files");
    std::filesystem::create_symlink(begins_otherwise.path() / "secret.txt",
                                    folder.path() / "otherwise.txt");
    std::filesystem::create_symlink(begins_alike.path() / "secret.txt",
                                    folder.path() / "alike.txt");
    const Exchange otherwise = exchange(get(folder.address("otherwise.txt")));
    expect_status(otherwise, {200, 403, 404},
                  {"a server may follow links within the whole site, or within files/ only"});
    if (otherwise.reply.status == 200) return;
    const Exchange alike = exchange(get(folder.address("alike.txt")));
    expect_status(alike, {403, 404},
                  {"files-secret is not a part of files, and other links out of files/ are not "
                   "followed here",
                   "compare with the folder and a slash behind it"});
}

TEST_CASE("a symbolic link out of the folder is 404") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    expect_status(exchange(get(folder.write("neighbour.txt", "public"))), 200,
                  {"its neighbour is public"});
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "file.txt");
    std::filesystem::create_directory_symlink("/etc", folder.path() / "folder");
    std::filesystem::create_symlink("file.txt", folder.path() / "link-to-link.txt");
    std::filesystem::create_directory(folder.path() / "sub");
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "sub/index.html");
    for (const char* name : {"file.txt", "folder/passwd", "link-to-link.txt", "folder/", "sub/"}) {
        Exchange reply = exchange(get(folder.address(name)));
        expect_status(reply, {404, 403},
                      {"through a link out of the folder a client could read any file (CWE-59)",
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
    expect_status(exchange(get(folder.write("neighbour.txt", "public"))), 200,
                  {"its neighbour is public"});
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
    expect_status(exchange(get(folder.write("neighbour.txt", "public"))), 200,
                  {"its neighbour is public"});
    REQUIRE(mkfifo((folder.path() / "pipe.txt").c_str(), 0644) == 0);
    Exchange reply = exchange(get(folder.address("pipe.txt")));
    expect_status(reply, 404,
                  {"only regular files are files of the site",
                   "open() of a FIFO waits for a writer unless O_NONBLOCK is given; "
                   "then fstat() and S_ISREG"});
}

TEST_SUITE_END();
