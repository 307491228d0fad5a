// Exercise 3-2: several ranges in one reply, as multipart/byteranges. The contract is in
// level3/README.md.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "text.hpp"

namespace {

// One part of a reply: "bytes 0-1/10", its type, and its bytes.
struct Part {
    std::string range;
    std::string type;
    std::string content;
};

std::string boundary_of(const Exchange& reply) {
    const std::string type = reply.reply.value("Content-Type");
    const std::string start = "multipart/byteranges; boundary=";
    if (!type.starts_with(start)) return "";
    std::string boundary = type.substr(start.size());
    if (boundary.size() > 1 && boundary.front() == '"' && boundary.back() == '"')
        boundary = boundary.substr(1, boundary.size() - 2);
    return boundary;
}

std::string field_in(const std::string& head, const std::string& name) {
    for (const std::string& line : split(head, '\n')) {
        const auto colon = line.find(':');
        if (lower(line.substr(0, colon)) == lower(name))
            return std::string(
                trimmed(trimmed(line.substr(colon + 1, line.find('\r') - colon - 1))));
    }
    return "";
}

// Takes a body apart as RFC 2046 §5.1.1 says; nothing if it isn't a multipart body.
std::vector<Part> parts_of(const Exchange& reply) {
    const std::string delimiter = "\r\n--" + boundary_of(reply);
    std::string body = "\r\n" + reply.reply.body;  // the first delimiter may do without its CRLF
    std::vector<Part> parts;
    auto at = body.find(delimiter + "\r\n");
    while (at != std::string::npos) {
        const auto head = at + delimiter.size() + 2;
        const auto content = body.find("\r\n\r\n", head - 2);
        const auto end = content == std::string::npos ? content : body.find(delimiter, content + 2);
        if (end == std::string::npos) return {};
        const std::string fields = body.substr(head, content + 2 - head);
        parts.push_back({field_in(fields, "Content-Range"), field_in(fields, "Content-Type"),
                         body.substr(content + 4, end - content - 4)});
        if (body.compare(end + delimiter.size(), 2, "--") == 0) return parts;
        at = end;
    }
    return {};
}

using Wanted = std::vector<std::pair<std::size_t, std::size_t>>;  // first and last byte

// Checks that the reply has these parts of the file, in this order, and nothing else wrong with it.
void expect_parts(const Exchange& reply, const std::string& file, const Wanted& wanted,
                  const std::string& range, Where where = Where::here()) {
    const Reason reason = {
        "MUST RFC 9110 §15.3.7.2: a part for each range, in a multipart/byteranges body",
        "--boundary, the fields of the part, an empty line, its bytes; --boundary-- at the end",
        range};
    expect_status(reply, 206, reason, where);
    expect(!boundary_of(reply).empty() && boundary_of(reply).size() <= 70, reply,
           "Content-Type: multipart/byteranges; boundary=..., of 70 characters at most",
           reply.reply.value("Content-Type"), reason, where);
    expect_absent(reply, "Content-Range",
                  {"MUST NOT RFC 9110 §15.3.7.2: each part has its own Content-Range"}, where);
    const auto parts = parts_of(reply);
    expect(parts.size() == wanted.size(), reply, std::to_string(wanted.size()) + " parts",
           std::to_string(parts.size()), reason, where);
    for (std::size_t i = 0; i < std::min(parts.size(), wanted.size()); ++i) {
        const auto [first, last] = wanted[i];
        const std::string bytes = "bytes " + std::to_string(first) + "-" + std::to_string(last) +
                                  "/" + std::to_string(file.size());
        expect(parts[i].range == bytes, reply, "Content-Range: " + bytes,
               "Content-Range: " + parts[i].range, reason, where);
        expect(parts[i].type == "text/plain; charset=utf-8", reply,
               "Content-Type: text/plain; charset=utf-8", "Content-Type: " + parts[i].type,
               {"SHOULD RFC 9110 §15.3.7.2: each part has the type of the file"}, where);
        expect(parts[i].content == file.substr(first, last - first + 1), reply,
               "the bytes of that range", visible(parts[i].content.substr(0, 60)), reason, where);
    }
}

Exchange ask(const std::string& address, const std::string& range,
             const std::vector<std::string>& more = {}) {
    std::vector<std::string> fields = {"Range: bytes=" + range};
    fields.insert(fields.end(), more.begin(), more.end());
    return exchange(get(address, fields));
}

// `count` ranges of one byte each, with a gap after each.
std::string single_bytes(std::size_t count) {
    std::string ranges;
    for (std::size_t i = 0; i < count; ++i)
        ranges += (i > 0 ? "," : "") + std::to_string(2 * i) + "-" + std::to_string(2 * i);
    return ranges;
}

}  // namespace

TEST_SUITE_BEGIN("exercise 3-2");

TEST_CASE("several ranges are several parts, in the order asked for") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string file = pattern(0, 1000);
    const std::string address = folder.write("a.txt", file);
    const std::pair<const char*, Wanted> tries[] = {
        {"0-1,4-5", {{0, 1}, {4, 5}}},
        {"0-0,-1", {{0, 0}, {999, 999}}},
        {"990-,0-3", {{990, 999}, {0, 3}}},
        {"500-599, 0-99 ,\t-10", {{500, 599}, {0, 99}, {990, 999}}},
        {"0-499,500-99999", {{0, 499}, {500, 999}}},
        {"0-1,,4-5,", {{0, 1}, {4, 5}}}};
    for (const auto& [range, wanted] : tries)
        expect_parts(ask(address, range), file, wanted, range);
}

TEST_CASE("the parts of a large file are its own bytes") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write_pattern("big.txt", 3'000'000);
    const std::string file = pattern(0, 3'000'000);
    const std::string range = "1000-1999,2900000-,1500000-1699999";
    expect_parts(ask(address, range), file,
                 {{1000, 1999}, {2'900'000, 2'999'999}, {1'500'000, 1'699'999}}, range);
}

TEST_CASE("a range outside of the file is left out, and if there is one left it comes alone") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string file = pattern(0, 1000);
    const std::string address = folder.write("a.txt", file);
    const std::string range = "0-1,1000-1001,4-5,-0";
    expect_parts(ask(address, range), file, {{0, 1}, {4, 5}}, range);
    for (const char* one : {"4-7,1000-", "5000-,4-7", "4-7,"}) {
        const Exchange reply = ask(address, one);
        expect_status(reply, 206, {"RFC 9110 §15.3.7: the other range can be served", "", one});
        expect_field(reply, "Content-Range", "bytes 4-7/1000",
                     {"a single part needs no multipart body"});
        expect_body(reply, file.substr(4, 4), {"the bytes of that range"});
    }
}

TEST_CASE("if no range is inside the file it is 416") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("a.txt", pattern(0, 1000));
    const Exchange reply = ask(address, "1000-,5000-6000");
    expect_status(reply, 416, {"SHOULD RFC 9110 §14.2: there is no such byte"});
    expect_field(reply, "Content-Range", "bytes */1000",
                 {"SHOULD RFC 9110 §15.5.17: it says how long the file is"});
}

TEST_CASE("a list with one member that can't be understood is ignored as a whole") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("a.txt", pattern(0, 1000));
    expect_status(ask(address, "0-1,4-5"), 206, {"a list that can be understood"});
    for (const char* range : {"0-1,x", "0-1,5-4", "0-1,--2", "0-1,-", "a-b,0-1", "0-1;4-5", ","})
        expect_status(ask(address, range), 200,
                      {"an invalid Range is ignored (RFC 9110 §14.2)", "", range});
}

TEST_CASE("ranges that overlap, and more than sixteen, get the whole file") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string file = pattern(0, 1000);
    const std::string address = folder.write("a.txt", file);
    expect_status(ask(address, single_bytes(16)), 206, {"sixteen are served"});
    for (const std::string& range :
         {single_bytes(17), single_bytes(1000), std::string("0-10,10-20"), std::string("0-,0-"),
          std::string("500-600,0-999"), std::string("-5,990-")}) {
        const Exchange reply = ask(address, range);
        expect_status(reply, 200,
                      {"it would cost more than the file (RFC 9110 §14.2, §17.15)",
                       "count them, sort a copy, and look at neighbours"});
        expect_body(reply, file, {"the whole file"});
    }
}

TEST_CASE("parts of more than a mebibyte in all are the whole file") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write_pattern("big.txt", 3'000'000);
    expect_status(ask(address, "0-524287,1000000-1524287"), 206, {"exactly 1 MiB"});
    const Exchange reply = ask(address, "0-524287,1000000-1524288");
    expect_status(reply, 200, {"the parts are put together in memory, so it has a limit"});
    expect(reply.reply.body.size() == 3'000'000, reply, "the whole file",
           std::to_string(reply.reply.body.size()) + " bytes", {"all or nothing"});
}

TEST_CASE("the boundary doesn't occur in the file") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    std::string file = pattern(0, 1000);
    const std::string range = "0-499,500-999";
    const Exchange before = ask(folder.write("a.txt", file), range);
    expect_parts(before, file, {{0, 499}, {500, 999}}, range);
    // Now it is a file that knows what the boundary was.
    const std::string delimiter = "\r\n--" + boundary_of(before);
    file.replace(100, delimiter.size() + 4, delimiter + "--\r\n");
    file.replace(700, delimiter.size() + 2, delimiter + "\r\n");
    const std::string address = folder.write("b.txt", file);
    expect_parts(ask(address, range), file, {{0, 499}, {500, 999}}, range);
}

TEST_CASE("the boundary can't be known from an earlier run") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("a.txt", pattern(0, 1000));
    const auto boundary_of_a_run = [&] {
        ServerProcess server;
        return boundary_of(exchange(get(address, {"Range: bytes=0-1,4-5"}), server));
    };
    const std::string first = boundary_of_a_run(), second = boundary_of_a_run();
    expect_that(first != second, "another boundary after each start", first,
                {"a generator with a fixed seed begins with the same number each time",
                 "use std::random_device, or getentropy()"});
}

TEST_CASE("HEAD, If-Range and a compressed copy are as with a single range") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string file = pattern(0, 1000);
    const std::string address = folder.write("a.txt", file);
    const std::string packed_text = "\x1f\x8b compressed";  // gzip's first bytes, and anything
    folder.write("a.txt.gz", packed_text);
    const std::string etag = exchange(get(address)).reply.value("ETag");
    const std::string range = "0-1,4-5";
    expect_parts(ask(address, range, {"If-Range: " + etag}), file, {{0, 1}, {4, 5}}, range);
    expect_status(ask(address, range, {"If-Range: \"other\""}), 200,
                  {"MUST RFC 9110 §13.1.5: parts of another version are of no use"});
    expect_status(exchange(request("HEAD", address, {"Range: bytes=" + range})), 200,
                  {"MUST RFC 9110 §14.2: Range is for GET only"});
    const Exchange packed = ask(address, "0-1,4-5", {"Accept-Encoding: gzip"});
    expect_status(packed, 200, {"a compressed copy is sent whole"});
    expect_body(packed, packed_text, {"a compressed copy is sent whole"});
}

TEST_SUITE_END();
