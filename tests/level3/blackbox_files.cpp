// What HTTP says about files: validators (ETag, Last-Modified), conditional requests and ranges.
// Nearly all of it is tried on the site's own style sheet, so it needs no folder to write to.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "public_folder.hpp"
#include "reporter.hpp"
#include "text.hpp"

namespace {

const std::string file = "/static/style.css";
const std::string long_ago = "Sun, 06 Nov 1994 08:49:37 GMT";

// The whole file, as it is without any condition.
Exchange whole_file() {
    return exchange(get(file));
}

Exchange with(const std::vector<std::string>& fields) {
    return exchange(get(file, fields));
}

// A weak ETag never matches where ETags are compared strongly, not even itself (RFC 9110 §8.8.3.2).
bool is_weak(const std::string& etag) {
    return etag.starts_with("W/");
}

// The expected answer to a Range: the bytes from `first` on, `count` of them.
struct Part {
    std::string range;
    std::size_t first;
    std::size_t count;
};

}  // namespace

TEST_SUITE_BEGIN("level3 / 4 conditions");

TEST_CASE("a file has an ETag, a Last-Modified and a Cache-Control") {
    Exchange reply = whole_file();
    expect_status(reply, 200, {"the style sheet is there"});
    std::string etag = reply.reply.value("ETag");
    bool quoted = etag.size() > 2 && etag.ends_with('"') &&
                  (etag.starts_with('"') || etag.starts_with("W/\""));
    expect(
        quoted, reply, "ETag: \"...\", in quotes", "ETag: " + etag,
        {"SHOULD RFC 9110 §8.8.3: it names exactly these bytes", "make it of time and size, say"});
    std::string date = reply.reply.value("Last-Modified");
    expect(date.size() == 29 && date.ends_with(" GMT"), reply, "Last-Modified: an IMF-fixdate",
           "Last-Modified: " + date, {"SHOULD RFC 9110 §8.8.2: when the file was changed"});
    expect_present(reply, "Cache-Control",
                   {"without it a cache guesses how long a file stays good (RFC 9111 §4.2.2)"});
    expect_field(reply, "Accept-Ranges", "bytes",
                 {"ranges are supported, and a client can know it from this (RFC 9110 §14.3)"});
}

TEST_CASE("If-None-Match with the file's ETag is 304") {
    const Exchange known = whole_file();
    const std::string size = std::to_string(known.reply.body.size());
    std::string etag = known.reply.value("ETag");
    std::string weak = etag.starts_with("W/") ? etag : "W/" + etag;
    for (const std::string& list : {etag, weak, std::string("*"), "\"other\", " + etag,
                                    etag + ",\"other\"", "\"a\" , W/\"b\" , " + weak}) {
        Exchange reply = with({"If-None-Match: " + list});
        expect_status(
            reply, 304,
            {"MUST RFC 9110 §13.1.2: the client has this file (a list, compared weakly, or *)",
             "split at the commas, drop W/ on both sides, compare", list});
        for (const char* name : {"Date", "Cache-Control"})
            expect_present(reply, name,
                           {"MUST RFC 9110 §15.4.5: a 304 has these fields of the 200"});
        for (const char* name : {"Content-Type", "Last-Modified", "Content-Encoding"})
            expect_absent(reply, name,
                          {"SHOULD RFC 9110 §15.4.5: beside an ETag, a 304 says no more"});
        const std::string repeated = reply.reply.value("ETag");
        expect(repeated == etag || repeated == weak, reply, "ETag: " + etag, "ETag: " + repeated,
               {"MUST RFC 9110 §15.4.5: a 304 repeats the ETag, strong or weak"});
        expect_one_reply_then_close(reply, {"MUST RFC 9110 §15.4.5: a 304 has no body"});
        const std::string length = reply.reply.value("Content-Length");
        expect(length.empty() || length == size, reply, "no Content-Length, or that of the 200",
               "Content-Length: " + length,
               {"MUST RFC 9110 §8.6: in a 304 it is the length of the file, if it is there",
                "leave it out, because there is no body to count"});
    }
}

TEST_CASE("If-None-Match with another ETag gets the file") {
    for (const char* list : {"\"other\"", "W/\"other\"", "\"a\", \"b\"", "\"\""}) {
        expect_status(with({std::string("If-None-Match: ") + list}), 200,
                      {"MUST RFC 9110 §13.1.2: the client has something else", "", list});
    }
}

TEST_CASE("a comma or a star inside an ETag is part of that ETag") {
    for (const char* list : {"\"client,*,tag\"", "\"a, *\"", "\"a\", \"b,*\"", "W/\"*\""}) {
        const Reason reason = {"MUST RFC 9110 §8.8.3: a comma in quotes is part of the tag",
                               "split at commas outside of quotes; * counts only by itself", list};
        expect_status(with({std::string("If-None-Match: ") + list}), 200, reason);
        expect_status(with({std::string("If-Match: ") + list}), 412, reason);
    }
}

TEST_CASE("a list of ETags in two lines is one list") {
    const std::string etag = whole_file().reply.value("ETag");
    const Reason reason = {"MUST RFC 9110 §5.3: two lines of a list field are one list",
                           "join the lines with a comma, then split"};
    expect_status(with({"If-None-Match: \"other\"", "If-None-Match: " + etag}), 304, reason);
    expect_status(with({"If-Match: \"other\"", "If-Match: " + etag}), is_weak(etag) ? 412 : 200,
                  reason);
}

TEST_CASE("a condition that stands twice is ignored") {
    const Exchange known = whole_file();
    const std::string since = "If-Modified-Since: " + known.reply.value("Last-Modified");
    const std::string unless = "If-Unmodified-Since: " + long_ago;
    const std::string version = "If-Range: " + known.reply.value("ETag");
    const std::string range = "Range: bytes=0-3";
    for (const std::vector<std::string>& fields :
         {std::vector{since, since}, {unless, unless}, {range, range}, {range, version, version}}) {
        expect_status(with(fields), {200, 400},
                      {"a field that may stand once and stands twice isn't valid, and says nothing",
                       "count them, and go on as if there were none", fields.back()});
    }
}

TEST_CASE("If-Modified-Since with the file's own date is 304, with an older one the file") {
    std::string date = whole_file().reply.value("Last-Modified");
    expect_status(
        with({"If-Modified-Since: " + date}), 304,
        {"SHOULD RFC 9110 §13.1.3: it has not changed since then", "compare with <=, not <"});
    expect_status(with({"If-Modified-Since: " + long_ago}), 200,
                  {"MUST RFC 9110 §13.1.3: it has changed since then"});
}

TEST_CASE("an If-Modified-Since that isn't a date is ignored") {
    for (const char* date : {"yesterday", "", "12345", "Sun, 99 Nov 1994 08:49:37 GMT",
                             "Sat, 31 Feb 2037 08:49:37 GMT", "Tue, 03 Mar 2037 24:00:00 GMT",
                             "Tue, 03 Mar 2037 08:60:00 GMT", "Wed, 03 Mar 2037 08:49:37 GMT",
                             "Tue, 29 Feb 2033 08:49:37 GMT", "Tue,  3 Mar 2037 08:49:37 GMT",
                             "Tue, 03 Mar 2037 08:49:37"}) {
        expect_status(with({std::string("If-Modified-Since: ") + date}), 200,
                      {"MUST RFC 9110 §13.1.3: a recipient must ignore an invalid date"});
    }
}

TEST_CASE("HEAD is judged by the same conditions as GET") {
    const std::string etag = whole_file().reply.value("ETag");
    const auto head = [](const std::string& field) {
        return exchange(request("HEAD", file, {field}));
    };
    expect_status(head("If-None-Match: \"other\""), 200, {"another version is no match"});
    expect_status(head("If-None-Match: " + etag), 304,
                  {"MUST RFC 9110 §13.1.2: for GET and HEAD a match is 304",
                   "judge the conditions first; leave out the body of a HEAD last"});
    expect_status(head("If-Match: \"other\""), 412, {"MUST RFC 9110 §13.1.1: it doesn't match"});
}

TEST_CASE("a condition changes only what would have been 200") {
    const Reason reason = {
        "MUST RFC 9110 §13.2.1: conditions are ignored if the answer without them isn't 2xx or 412",
        "find the file first, and judge the conditions last"};
    expect_status(with({"If-None-Match: *"}), 304, {"here it would have been 200"});
    expect_status(exchange(get("/static/nothing.css", {"If-None-Match: *"})), 404, reason);
    expect_status(exchange(get("/files", {"If-None-Match: *"})), 301, reason);
    expect_status(exchange(request("DELETE", file, {"If-Match: \"other\""})), 405, reason);
}

TEST_CASE("If-None-Match takes precedence over If-Modified-Since") {
    Exchange known = whole_file();
    expect_status(with({"If-None-Match: \"other\"",
                        "If-Modified-Since: " + known.reply.value("Last-Modified")}),
                  200,
                  {"MUST RFC 9110 §13.1.3: If-Modified-Since is ignored beside If-None-Match"});
    expect_status(
        with({"If-None-Match: " + known.reply.value("ETag"), "If-Modified-Since: " + long_ago}),
        304, {"MUST RFC 9110 §13.2.2: If-None-Match is judged first"});
}

TEST_CASE("Last-Modified is when the file was changed, and a date after it is late enough") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string address = folder.write("dated.txt", "text");
    folder.set_changed("dated.txt", 1'000'000'000);
    const std::string changed = "Sun, 09 Sep 2001 01:46:40 GMT";
    const std::string before = "Sun, 09 Sep 2001 01:46:39 GMT";
    const std::string after = "Mon, 10 Sep 2001 00:00:00 GMT";
    expect_field(
        exchange(get(address)), "Last-Modified", changed,
        {"SHOULD RFC 9110 §8.8.2: when the file was changed, in GMT whatever the time zone",
         "st_mtime of fstat(), by gmtime_r and strftime"});
    const Reason since = {"SHOULD RFC 9110 §13.1.3: it has not changed since then",
                          "compare the two as times, with <=, not as texts"};
    for (const std::string& date : {changed, after})
        expect_status(exchange(get(address, {"If-Modified-Since: " + date})), 304, since);
    expect_status(exchange(get(address, {"If-Modified-Since: " + before})), 200,
                  {"MUST RFC 9110 §13.1.3: it has changed since then"});
    for (const std::string& date : {changed, after})
        expect_status(
            exchange(get(address, {"If-Unmodified-Since: " + date})), 200,
            {"MUST RFC 9110 §13.1.4: it has not changed since then, so the condition holds",
             "compare the two as times: the condition holds at the file's own date"});
    expect_status(exchange(get(address, {"If-Unmodified-Since: " + before})), 412,
                  {"MUST RFC 9110 §13.1.4: it has changed since then"});
}

TEST_CASE("If-Match holds for the file's own ETag, and never for a weak one") {
    const std::string etag = whole_file().reply.value("ETag");
    const std::string weak = is_weak(etag) ? etag : "W/" + etag;
    const Reason reason = {
        "MUST RFC 9110 §13.1.1: ETags are compared strongly, so a weak one is no match at all",
        "compare the whole text with the file's ETag, and don't drop a W/", "If-Match"};
    expect_status(with({"If-Match: " + etag}), is_weak(etag) ? 412 : 200, reason);
    expect_status(with({"If-Match: " + weak}), 412, reason);
}

TEST_CASE("If-Match takes precedence over If-Unmodified-Since") {
    const std::string changed = "If-Unmodified-Since: " + long_ago;
    expect_status(with({changed}), 412, {"MUST RFC 9110 §13.1.4: it has changed since then"});
    expect_status(with({"If-Match: *", changed}), 200,
                  {"MUST RFC 9110 §13.1.4: If-Unmodified-Since is ignored beside If-Match",
                   "look at the date only if there is no If-Match", "If-Unmodified-Since"});
}

TEST_CASE("the two old forms of a date are understood") {
    if (lacks_public_folder()) return;
    PublicFolder folder;
    const std::string newer = folder.write("newer.txt", "text");
    folder.set_changed("newer.txt", 1'000'000'000);  // on 9 September 2001, at 01:46:40
    const std::string older = folder.write("older.txt", "text");
    folder.set_changed("older.txt", 784'111'777);  // on 6 November 1994, at 08:49:37
    struct Row {
        std::string address, changed, before;
    };
    for (const Row& row :
         {Row{newer, "Sunday, 09-Sep-01 01:46:40 GMT", "Sunday, 09-Sep-01 01:46:39 GMT"},
          Row{newer, "Sun Sep  9 01:46:40 2001", "Sun Sep  9 01:46:39 2001"},
          Row{older, "Sunday, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:36 GMT"}}) {
        const Reason reason = {
            "MUST RFC 9110 §5.6.7: a recipient accepts all three forms of a date, and takes a year of "
            "two digits for the last one that ends so, if it would be more than 50 years ahead",
            "try one form after the other; strptime takes a pattern for each", row.changed};
        expect_status(exchange(get(row.address, {"If-Modified-Since: " + row.changed})), 304,
                      reason);
        expect_status(exchange(get(row.address, {"If-Modified-Since: " + row.before})), 200,
                      {"MUST RFC 9110 §13.1.3: it has changed since then",
                       "06-Nov-94 was in 1994, and is not in 2094", row.before});
    }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level3 / 5 ranges");

TEST_CASE("a range gets that part of the file") {
    const Exchange whole = whole_file();
    const std::string& content = whole.reply.body;
    const std::size_t size = content.size();
    expect(size > 10, whole, "a style sheet of more than ten bytes",
           std::to_string(size) + " bytes", {"the parts that are asked for here must be there"});
    if (size <= 10) return;
    std::string total = std::to_string(size);
    const Part parts[] = {{"bytes=0-3", 0, 4},
                          {"Bytes=0-3", 0, 4},
                          {"bytes=4-4", 4, 1},
                          {"bytes=10-", 10, size - 10},
                          {"bytes=-5", size - 5, 5},
                          {"bytes=-999999999", 0, size},
                          {"bytes=0-999999999", 0, size},
                          {"bytes=0-" + total, 0, size},
                          {"bytes=4-" + total, 4, size - 4},
                          {"bytes=0-" + std::to_string(size - 1), 0, size},
                          {"bytes=-" + total, 0, size},
                          {"bytes=" + std::to_string(size - 1) + "-", size - 1, 1}};
    for (const Part& part : parts) {
        Exchange reply = with({"Range: " + part.range});
        const Reason reason = {
            "MUST RFC 9110 §14.1.2: first-last (both included), first-, or -length",
            "a last position past the end means the end", part.range};
        expect_status(reply, 206, reason);
        expect_body(reply, content.substr(part.first, part.count), reason);
        expect_field(reply, "Content-Range",
                     "bytes " + std::to_string(part.first) + "-" +
                         std::to_string(part.first + part.count - 1) + "/" + total,
                     {"MUST RFC 9110 §15.3.7.1: which bytes of how many"});
    }
}

TEST_CASE("a part of a file has the fields of the whole") {
    const Exchange whole = whole_file();
    Exchange part = with({"Range: bytes=0-3"});
    expect_status(part, 206, {"a range that can be understood"});
    for (const char* name : {"ETag", "Cache-Control", "Last-Modified", "Content-Type"})
        expect_field(part, name, whole.reply.value(name),
                     {"MUST RFC 9110 §15.3.7: without If-Range a 206 has the fields of the 200, or "
                      "parts of two versions could be put together",
                      "make both replies in one function"});
}

TEST_CASE("a range outside of the file is 416") {
    std::string size = std::to_string(whole_file().reply.body.size());
    for (const std::string& range :
         {"bytes=" + size + "-", std::string("bytes=999999999-"), std::string("bytes=-0")}) {
        Exchange reply = with({"Range: " + range});
        expect_status(reply, 416, {"SHOULD RFC 9110 §14.2: there is no such byte", "", range});
        expect_field(reply, "Content-Range", "bytes */" + size,
                     {"SHOULD RFC 9110 §15.5.17: it says how long the file is"});
    }
}

TEST_CASE("a range that cannot be understood is ignored, or refused with 416") {
    expect_status(with({"Range: bytes=0-3"}), 206, {"a range that can be understood"});
    for (const char* range :
         {"bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", "bytes", "bytes=--5", "bytes=0x1-2", "0-3",
          "bytes=+0-3", "bytes=0-+3", "bytes=0-1_0", "bytes=0-3x", "bytes=0-3-5"}) {
        expect_status(with({std::string("Range: ") + range}), {200, 416},
                      {"MAY RFC 9110 §14.2: an invalid Range is ignored or refused, but never "
                       "answered with some part of the file",
                       "", range});
    }
    expect_status(
        with({"Range: lines=0-3"}), 200,
        {"MUST RFC 9110 §14.2: a unit that the server does not know is ignored", "", "lines"});
}

TEST_CASE("a range of astronomical numbers does no harm") {
    for (const char* range : {"bytes=0-99999999999999999999999", "bytes=99999999999999999999999-",
                              "bytes=-99999999999999999999999", "bytes=18446744073709551615-",
                              "bytes=1-18446744073709551615"}) {
        const bool begins_outside = std::string_view(range).ends_with('-');
        const Statuses statuses = begins_outside ? Statuses{416, 200} : Statuses{206, 200};
        expect_status(
            with({std::string("Range: ") + range}), statuses,
            {"MUST RFC 9110 §14.1.2: a recipient is ready for large numbers. A number from outside may overflow; one that does is past the end",
             "std::from_chars says when a number is too large", range});
    }
}

TEST_CASE("several ranges get the whole file, or those parts") {
    expect_status(with({"Range: bytes=0-3"}), 206, {"a single range"});
    Exchange reply = with({"Range: bytes=0-1,4-5"});
    expect_status(reply, {200, 206},
                  {"MAY RFC 9110 §14.2: a server may ignore Range, and several at once are rare"});
    if (reply.reply.status != 206) return;
    const std::string type = media_type(reply.reply.value("Content-Type"));
    expect(type.starts_with("multipart/byteranges"), reply, "Content-Type: multipart/byteranges",
           "Content-Type: " + type,
           {"MUST RFC 9110 §15.3.7.2: each of several parts says which bytes it has",
            "if you don't want to write that, send the whole file with 200"});
}

TEST_CASE("If-Range gets a part if the file is still the same, else all of it") {
    std::string etag = whole_file().reply.value("ETag");
    expect_status(with({"Range: bytes=0-3", "If-Range: " + etag}), is_weak(etag) ? 200 : 206,
                  {"MUST RFC 9110 §13.1.5: the client has another part of this very file, if the "
                   "ETag is a strong one"});
    for (const std::string& other : {std::string("\"other\""), "W/" + etag, long_ago})
        for (const char* range : {"bytes=0-3", "bytes=999999999-"})
            expect_status(
                with({std::string("Range: ") + range, "If-Range: " + other}), 200,
                {"MUST RFC 9110 §13.1.5: a part of another file is of no use (compare strongly), "
                 "so Range is ignored, whatever it says",
                 "judge If-Range before you look at the range", other});
}

TEST_CASE("a date in If-Range never holds") {
    const Exchange known = whole_file();
    const std::string etag = known.reply.value("ETag");
    expect_status(
        with({"Range: bytes=0-3", "If-Range: " + etag}), is_weak(etag) ? 200 : 206,
        {"MUST RFC 9110 §13.1.5: the ETag is the file's own, and counts if it is strong"});
    expect_status(
        with({"Range: bytes=0-3", "If-Range: " + known.reply.value("Last-Modified")}), 200,
        {"a file may change twice in a second, and then a date names two versions of it"});
}

TEST_CASE("a condition is judged before a range") {
    const Exchange known = whole_file();
    const Reason reason = {"MUST RFC 9110 §13.2.2: the other conditions first, Range last"};
    for (const char* range : {"Range: bytes=0-3", "Range: bytes=999999999-"}) {
        expect_status(with({range, "If-None-Match: " + known.reply.value("ETag")}), 304, reason);
        expect_status(with({range, "If-Modified-Since: " + known.reply.value("Last-Modified")}),
                      304, reason);
        expect_status(with({range, "If-Match: \"other\""}), 412, reason);
    }
}

TEST_CASE("HEAD ignores a range") {
    expect_status(with({"Range: bytes=0-3"}), 206, {"GET does not ignore it"});
    Exchange reply = exchange(request("HEAD", file, {"Range: bytes=0-3"}));
    expect_status(reply, 200, {"MUST RFC 9110 §14.2: Range is for GET only"});
}

TEST_SUITE_END();
