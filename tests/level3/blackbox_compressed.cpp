// The compressed copy beside a file, which goes to clients that accept gzip.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"

TEST_SUITE_BEGIN("level3 / 6 compressed copies");

namespace {

// As gzip begins (RFC 1952 §2.3.1). Not more of it, because the server must send it as it is.
const std::string packed_text = "\x1f\x8b compressed";

}  // namespace

TEST_CASE("a .gz beside a file goes to a client that accepts gzip") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("page.css", "body { color: black }");
    std::string compressed = "\x1f\x8b" + pattern(0, 30);  // the server must not look into it
    folder.write("page.css.gz", compressed);
    Exchange plain = exchange(get(address));
    expect_body(plain, "body { color: black }", {"a client that does not ask for gzip gets none"});
    expect_absent(plain, "Content-Encoding", {"MUST RFC 9110 §8.4: the plain file is not encoded"});
    for (const char* accepted : {"gzip", "br, GZIP", "gzip;q=0.5, *;q=0", "deflate , gzip ; q=1"}) {
        Exchange reply = exchange(get(address, {std::string("Accept-Encoding: ") + accepted}));
        expect_field(reply, "Content-Encoding", "gzip",
                     {"the client takes gzip (RFC 9110 §12.5.3), and the file is there"});
        expect_body(reply, compressed, {"the bytes of the .gz file, as they are"});
        expect_field(reply, "Content-Type", "text/css; charset=utf-8",
                     {"SHOULD RFC 9110 §8.3: the type of what comes out when it is unpacked"});
        expect_listed(reply, "Vary", "Accept-Encoding",
                      {"SHOULD RFC 9110 §12.5.5: a cache must not give this to every client"});
        expect(reply.reply.value("ETag") != plain.reply.value("ETag"), reply,
               "another ETag than that of the plain file", "the same",
               {"MUST RFC 9110 §8.8.3.3: an ETag names exact bytes, and these are different ones"});
    }
    const Exchange head = exchange(request("HEAD", address, {"Accept-Encoding: gzip"}));
    const Reason same = {
        "SHOULD RFC 9110 §9.3.2: HEAD has the fields of GET, so those of this copy",
        "choose the copy in the same way, and leave out only the body"};
    expect_field(head, "Content-Encoding", "gzip", same);
    expect_field(head, "Content-Length", std::to_string(compressed.size()), same);
    expect_listed(plain, "Vary", "Accept-Encoding",
                  {"SHOULD RFC 9110 §12.5.5: the plain reply also depends on Accept-Encoding"});
}

TEST_CASE("a .gz is not sent to a client that refuses gzip") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string address = folder.write("page.css", "plain");
    folder.write("page.css.gz", "\x1f\x8b compressed");
    expect_field(exchange(get(address, {"Accept-Encoding: gzip"})), "Content-Encoding", "gzip",
                 {"a client that accepts gzip gets it"});
    for (const char* refused : {"gzip;q=0", "gzip; q=0.0", "gzip;q=0.000", "br", "identity", "",
                                "xgzip", "*;q=0", "*, gzip;q=0", "gzip;q=0, *"})
        expect_body(exchange(get(address, {std::string("Accept-Encoding: ") + refused})), "plain",
                    {"MUST RFC 9110 §12.4.2: q=0 means not acceptable",
                     "read the whole list; a * counts only if gzip isn't named, whatever the order",
                     refused});
}

TEST_CASE("If-None-Match is compared with the ETag of the copy that would be sent") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write("page.css.gz", packed_text);
    const std::string gzip = "Accept-Encoding: gzip";
    const std::string plain = exchange(get(address)).reply.value("ETag");
    const std::string packed = exchange(get(address, {gzip})).reply.value("ETag");
    const Reason same = {"MUST RFC 9110 §13.1.2: the client has these very bytes",
                         "choose the copy first, then judge the conditions by its ETag"};
    const Reason other = {
        "MUST RFC 9110 §13.1.2: the client has the other copy, which names other "
        "bytes (§8.8.3.3)",
        "choose the copy first, then judge the conditions by its ETag"};
    expect_status(exchange(get(address, {gzip, "If-None-Match: " + packed})), 304, same);
    expect_status(exchange(get(address, {"If-None-Match: " + plain})), 304, same);
    expect_status(exchange(get(address, {gzip, "If-None-Match: " + plain})), 200, other);
    expect_status(exchange(get(address, {"If-None-Match: " + packed})), 200, other);
}

TEST_CASE("a part of a file with a compressed copy is of the copy that its ETag names") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "body { color: black }");
    folder.write("page.css.gz", "\x1f\x8b" + pattern(0, 30));
    for (const std::string accepted : {"gzip", "identity"}) {
        const std::string field = "Accept-Encoding: " + accepted;
        Exchange part = exchange(get(address, {field, "Range: bytes=2-5"}));
        const Reason reason = {
            "MUST RFC 9110 §15.3.7: a client puts parts together by their ETag, so bytes, length, "
            "encoding and ETag are those of one copy",
            "choose the copy first, then cut the part out of it"};
        expect_status(part, {206, 200}, {"MAY RFC 9110 §14.2: a server may ignore Range"});
        expect_listed(part, "Vary", "Accept-Encoding",
                      {"MUST RFC 9110 §15.3.7: a 206 has the Vary of the 200"});
        if (part.reply.status != 206) continue;
        // For a part it may choose the plain file, although the client accepts gzip.
        const bool packed = part.reply.value("Content-Encoding") == "gzip";
        const Exchange whole = exchange(
            get(address, {packed ? "Accept-Encoding: gzip" : "Accept-Encoding: identity"}));
        expect_body(part, whole.reply.body.substr(2, 4), reason);
        expect_field(part, "ETag", whole.reply.value("ETag"), reason);
        expect_field(part, "Content-Range", "bytes 2-5/" + std::to_string(whole.reply.body.size()),
                     reason);
    }
}

TEST_CASE("a 304 says Vary if the file has a compressed copy") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("page.css", "plain");
    folder.write("page.css.gz", packed_text);
    for (const char* accepted : {"identity", "gzip"}) {
        Exchange reply = exchange(
            get(address, {"If-None-Match: *", std::string("Accept-Encoding: ") + accepted}));
        expect_status(reply, 304, {"MUST RFC 9110 §13.1.2: * matches any file that is there"});
        expect_listed(reply, "Vary", "Accept-Encoding",
                      {"MUST RFC 9110 §15.4.5: a 304 has the Vary of the 200, because a cache "
                       "takes over its fields"});
        expect_absent(reply, "Content-Encoding",
                      {"SHOULD RFC 9110 §15.4.5: beside an ETag, a 304 says no more"});
    }
}

TEST_CASE("a .gz that can't be sent leaves the file as it is") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const Reason reason = {"a compressed copy never changes the status",
                           "if anything is wrong with the copy, go on as if there were none"};
    const std::string beside_good = folder.write("good.css", "plain");
    folder.write("good.css.gz", packed_text);
    expect_body(exchange(get(beside_good, {"Accept-Encoding: gzip"})), packed_text,
                {"a good copy is sent"});
    const std::string beside_folder = folder.write("a.css", "plain");
    std::filesystem::create_directory(folder.path() / "a.css.gz");
    const std::string beside_link = folder.write("b.css", "plain");
    std::filesystem::create_symlink("nowhere", folder.path() / "b.css.gz");
    const std::string beside_old = folder.write("c.css", "plain");
    folder.write("c.css.gz", packed_text);
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
    folder.write("page.css.gz", packed_text);
    expect_body(exchange(get(address, {"Accept-Encoding: x-gzip"})), packed_text,
                {"SHOULD RFC 9110 §8.4.1.3: x-gzip is another name of gzip"});
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

TEST_SUITE_END();
