// Exercise 3-3: a .br beside a file goes to clients that prefer brotli. The contract is in
// level3/README.md.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"

namespace {

// As gzip begins (RFC 1952 §2.3.1); the rest isn't looked at.
const std::string gzip_copy = "\x1f\x8b gzip copy";

// The reply to a client that accepts these codings.
Exchange ask(const std::string& address, const std::string& accepted) {
    return exchange(get(address, {"Accept-Encoding: " + accepted}));
}

void expect_coding(const Exchange& reply, const std::string& coding, const Reason& reason,
                   Where where = Where::here()) {
    expect_status(reply, 200, reason, where);
    const std::string content = coding == "gzip" ? gzip_copy : coding == "br" ? "br copy" : "plain";
    expect_body(reply, content, reason, where);
    if (coding.empty())
        expect_absent(reply, "Content-Encoding", reason, where);
    else
        expect_field(reply, "Content-Encoding", coding, reason, where);
}

}  // namespace

TEST_SUITE_BEGIN("exercise 3-3");

TEST_CASE("a .br beside a file goes to a client that accepts br, with the file's own type") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write("page.css.br", "br copy");
    const Exchange plain = exchange(get(address));
    expect_coding(plain, "", {"a client that doesn't ask for br gets none"});
    for (const char* accepted :
         {"br", "gzip, deflate, br", "BR;q=0.5", "*", "br;q=1, identity;q=0.5"}) {
        const Exchange reply = ask(address, accepted);
        expect_coding(reply, "br", {"the client takes br (RFC 9110 §12.5.3)", "", accepted});
        expect_field(reply, "Content-Type", "text/css; charset=utf-8",
                     {"SHOULD RFC 9110 §8.3: the type of what comes out when it is unpacked"});
        expect_listed(reply, "Vary", "Accept-Encoding",
                      {"SHOULD RFC 9110 §12.5.5: a cache must not give this to every client"});
    }
    expect_listed(plain, "Vary", "Accept-Encoding",
                  {"SHOULD RFC 9110 §12.5.5: the plain reply also depends on Accept-Encoding"});
}

TEST_CASE("the client's weights decide between br, gzip and the file, and br wins a draw") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write("page.css.br", "br copy");
    folder.write("page.css.gz", gzip_copy);
    const std::pair<const char*, const char*> tries[] = {
        {"gzip, br", "br"},
        {"br, gzip", "br"},
        {"gzip;q=0.9, br;q=0.8", "gzip"},
        {"gzip;q=0.8, br;q=0.9", "br"},
        {"gzip;q=0.001, br;q=0", "gzip"},
        {"*;q=0.5, br;q=0.4", "gzip"},
        {"gzip", "gzip"},
        {"x-gzip;q=1, br;q=0.9", "gzip"},
        {"br;q=0, gzip;q=0", ""},
        {"identity, br;q=0.5", ""},
        {"br;q=0.5, identity;q=0.5, gzip;q=0.1", "br"},
        {"*;q=0", ""},
        {"brotli", ""},
        {"", ""}};
    for (const auto& [accepted, coding] : tries)
        expect_coding(ask(address, accepted), coding,
                      {"RFC 9110 §12.5.3: the coding with the greatest weight is preferred, and 0 "
                       "means not acceptable; br is the smaller one if they are alike",
                       "compare the three weights", accepted});
}

TEST_CASE("each copy is a version of its own, with an ETag that comes back as 304") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write("page.css.br", "same size");
    folder.write("page.css.gz", "\x1f\x8bme size");
    const std::string plain = exchange(get(address)).reply.value("ETag");
    const std::string gzip = ask(address, "gzip").reply.value("ETag");
    const Exchange brotli = ask(address, "br");
    const std::string etag = brotli.reply.value("ETag");
    expect(etag != plain && etag != gzip, brotli, "an ETag of its own", etag,
           {"MUST RFC 9110 §8.8.3.3: an ETag names exact bytes, and these are different ones"});
    expect_field(brotli, "Content-Encoding", "br", {"the client takes br"});
    const Exchange again =
        exchange(get(address, {"Accept-Encoding: br", "If-None-Match: " + etag}));
    expect_status(again, 304, {"MUST RFC 9110 §13.1.2: the client has this copy"});
    expect_listed(again, "Vary", "Accept-Encoding", {"MUST RFC 9110 §15.4.5: as in the 200"});
    const Exchange part = exchange(get(address, {"Accept-Encoding: br", "Range: bytes=0-3"}));
    expect_status(part, 206, {"a range is one of the copy's bytes"});
    expect_field(part, "Content-Range", "bytes 0-3/9", {"a range is one of the copy's bytes"});
    expect_field(part, "Content-Encoding", "br", {"a range is one of the copy's bytes"});
}

TEST_CASE("a .br that can't be sent leaves the .gz or the file") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    expect_coding(ask(folder.write("good.css", "plain"), "br"), "", {"there is no copy yet"});
    folder.write("old.css.br", "br copy");
    folder.set_changed("old.css.br", 1'000'000'000);
    expect_coding(ask(folder.write("old.css", "plain"), "br"), "", {"it is older than the file"});
    const std::string good = folder.write("new.css", "plain");
    folder.write("new.css.br", "br copy");
    expect_coding(ask(good, "br"), "br", {"a good copy is sent"});
    const Reason reason = {"a copy that can't be sent never changes the status"};
    const std::string address = folder.write("a.css", "plain");
    folder.write("a.css.gz", gzip_copy);
    const auto copy = folder.path() / "a.css.br";
    std::filesystem::create_directory(copy);
    expect_coding(ask(address, "br, gzip"), "gzip", reason);
    std::filesystem::remove(copy);
    std::filesystem::create_symlink("/etc/passwd", copy);
    const std::string beside_link = folder.write("b.css", "plain");
    std::filesystem::rename(copy, folder.path() / "b.css.br");
    expect_coding(ask(beside_link, "br"), "", reason);
    const std::string beside_empty = folder.write("c.css", "plain");
    folder.write("c.css.br", "");
    expect_coding(ask(beside_empty, "br"), "", reason);
}

TEST_CASE("a large .br goes out whole") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write_pattern("page.css.br", 300'000);
    const Exchange reply = ask(address, "br");
    expect_field(reply, "Content-Encoding", "br", {"the client takes br"});
    expect(reply.reply.body == pattern(0, 300'000), reply, "the 300,000 bytes of the .br",
           std::to_string(reply.reply.body.size()) + " bytes",
           {"the bytes of the copy, as they are"});
}

TEST_SUITE_END();
