// Exercise 3-1: with --list, a folder without an index.html shows what is in it. The contract is in
// level3/README.md.
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
#include "text.hpp"

namespace {

// The server of this run with the flag. As it is it has to answer before that, because a server
// that doesn't know the flag yet must not look like one that is down.
Launch listing() {
    expect_status(exchange(get("/")), 200, {"the home page is there"});
    return {.command = settings().server + " --list"};
}

// The addresses that a page links to within its own folder, as they are written, in order.
std::vector<std::string> links_in(const std::string& page) {
    std::vector<std::string> links;
    const std::string begin = "<a href=\"";
    for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
        at += begin.size();
        std::string link = html_unescaped(page.substr(at, page.find('"', at) - at));
        if (link.starts_with("./")) link.erase(0, 2);
        if (!link.starts_with('/') && !link.starts_with("..")) links.push_back(link);
    }
    return links;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += name + " ";
    return text;
}

void expect_links(const Exchange& reply, const std::vector<std::string>& wanted,
                  const Reason& reason, Where where = Where::here()) {
    expect_status(reply, 200, {"with --list a folder has a page"}, where);
    const auto links = links_in(reply.reply.body);
    expect(links == wanted, reply, "links to " + joined(wanted), "links to " + joined(links),
           reason, where);
}

}  // namespace

TEST_SUITE_BEGIN("exercise 3-1");

TEST_CASE("a folder without an index.html links to what is in it, sorted, folders with a slash") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    for (const char* name : {"b.txt", "a.txt", "sub/deep/x.txt", "C.txt", "a-folder/y.txt"})
        folder.write(name, "text");
    const Exchange reply = exchange(get(folder.address("")), server);
    expect_links(reply, {"C.txt", "a-folder/", "a.txt", "b.txt", "sub/"},
                 {"sorted by the bytes of their names, so that the order is always the "
                  "same, and only what is in this folder itself"});
    expect_field(reply, "Content-Type", "text/html; charset=utf-8", {"the listing is a page"});
    expect_links(exchange(get(folder.address("sub/")), server), {"deep/"},
                 {"a folder in it has a page as well"});
}

TEST_CASE("an empty folder has a page without links") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    std::filesystem::create_directory(folder.path() / "empty");
    expect_links(exchange(get(folder.address("empty/")), server), {}, {"there is nothing in it"});
}

TEST_CASE("each link leads to its file, however odd the name is") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    const std::vector<std::string> names = {
        "two words.txt", "100%.txt", "a&b.txt", "what?.txt", "#1.txt",      "half;.txt",
        "\"q\".txt",     "it's.txt", "x:y.txt", "a+b.txt",   "<b>bold.txt", "gr\xc3\xbcn.txt",
        "%41.txt",       "a=b.txt",  "[1].txt", "$(x).txt"};
    for (const std::string& name : names) folder.write(name, "content of " + name);
    const Exchange page = exchange(get(folder.address("")), server);
    const auto links = links_in(page.reply.body);
    expect(links.size() == names.size(), page, std::to_string(names.size()) + " links",
           std::to_string(links.size()), {"each name is there once"});
    for (const std::string& link : links) {
        const bool encoded = link.find_first_of(" \"'<>#?[]:") == std::string::npos;
        expect(encoded, page, "a link without characters that have a meaning in a URL", link,
               {"MUST RFC 3986 §2.1: all others are percent-encoded. A colon would make the name a "
                "scheme",
                "encode each byte but letters, digits and - . _ ~"});
        const Exchange file = exchange(get(folder.address(link)), server);
        expect(file.reply.status == 200 && file.reply.body.starts_with("content of "), file,
               "the file that the link is about", "status " + std::to_string(file.reply.status),
               {"a link that is followed finds the file"});
    }
}

TEST_CASE("a name is shown as text, and none of it is taken for HTML") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    folder.write("<script>alert('a&b')<script>.txt", "text");
    folder.write("&lt;.txt", "text");
    const Exchange page = exchange(get(folder.address("")), server);
    expect_status(page, 200, {"with --list a folder has a page"});
    expect_not_in_reply(page, "<script>alert",
                        {"a name comes from outside, so escape it",
                         "& \" ' < and > have to be written as entities"});
    expect_in_body(page, "&lt;script&gt;alert", {"the name can be read as it is"});
    expect_in_body(page, "&amp;lt;.txt", {"the name can be read as it is"});
}

TEST_CASE("what may not be served is not listed") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    folder.write("open.txt", "text");
    folder.write("sub/in.txt", "text");
    folder.write(".hidden", "secret");
    folder.write(".git/config", "secret");
    folder.write("back\\slash.txt", "text");
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "out.txt");
    std::filesystem::create_symlink("/etc", folder.path() / "etc");
    std::filesystem::create_symlink("nowhere", folder.path() / "dangling.txt");
    mkfifo((folder.path() / "pipe").c_str(), 0600);
    expect_links(
        exchange(get(folder.address("")), server), {"open.txt", "sub/"},
        {"a name that would be answered with 404 is not shown",
         "leave out names with a dot at the beginning or a backslash, what is neither file "
         "nor folder, and links that lead out"});
    expect_status(exchange(get(folder.address(".git/")), server), 404, {"nor is what is in it"});
    expect_status(exchange(get(folder.address("etc/")), server), 404, {"nor what is elsewhere"});
    expect_status(exchange(get(folder.address("open.txt/")), server), 404, {"this is no folder"});
    expect_status(exchange(get(folder.address("missing/")), server), 404,
                  {"nor is there this one"});
}

TEST_CASE("a link within the folder is listed as what it leads to") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    folder.write("sub/in.txt", "text");
    std::filesystem::create_symlink("sub", folder.path() / "also");
    std::filesystem::create_symlink("sub/in.txt", folder.path() / "in.txt");
    expect_links(exchange(get(folder.address("")), server), {"also/", "in.txt", "sub/"},
                 {"it is served, so it is shown"});
    expect_links(exchange(get(folder.address("also/")), server), {"in.txt"},
                 {"it is served, so it is shown"});
}

TEST_CASE("a folder without its slash is redirected, and one with an index.html shows that") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    folder.write("bare/file.txt", "text");
    folder.write("full/index.html", "<h1>index</h1>");
    folder.write("full/file.txt", "text");
    const Exchange redirect = exchange(get(folder.address("bare")), server);
    expect_status(redirect, 301, {"without the slash, the links would lead astray"});
    expect_links(exchange(get(folder.address("bare/")), server), {"file.txt"},
                 {"this is where it leads"});
    expect_body(exchange(get(folder.address("full/")), server), "<h1>index</h1>",
                {"an index.html is the page of its folder, with --list as without"});
}

TEST_CASE("a listing shows what is there now, and answers HEAD and POST as a file does") {
    if (lacks_public_folder()) return;
    ServerProcess server(listing());
    PublicFolder folder;
    folder.write("a.txt", "text");
    expect_links(exchange(get(folder.address("")), server), {"a.txt"}, {"the only file"});
    folder.write("b.txt", "text");
    Exchange reply;
    for (const double end = now() + 2.5; now() < end;) {
        reply = exchange(get(folder.address("")), server);
        if (links_in(reply.reply.body).size() == 2) break;
        let_pass(0.05);
    }
    expect_links(reply, {"a.txt", "b.txt"}, {"a new file shows within two seconds"});
    const Exchange head = exchange(request("HEAD", folder.address("")), server);
    expect_status(head, 200, {"MUST RFC 9110 §9.1: what has GET has HEAD as well"});
    expect_one_reply_then_close(head, {"MUST RFC 9110 §9.3.2: HEAD has no body"});
    expect_status(exchange(request("POST", folder.address("")), server), 405, {"as for a file"});
}

TEST_CASE("without --list a folder is not listed" * doctest::description("control")) {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    folder.write("bare/file.txt", "text");
    expect_status(exchange(get(folder.address("bare/file.txt"))), 200, {"the file is there"});
    const Exchange reply = exchange(get(folder.address("bare/")));
    expect_status(reply, {403, 404}, {"names that no page links to stay private unless you ask"});
    expect_not_in_reply(reply, "file.txt", {"names that no page links to stay private"});
}

TEST_SUITE_END();
