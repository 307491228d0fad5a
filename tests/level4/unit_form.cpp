// Forms in both formats: what browsers send, what attackers send, and both sides of each limit.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "body/form.hpp"
#include "bytes.hpp"
#include "handler.hpp"
#include "mutation.hpp"
#include "utf8.hpp"

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;
using Values = std::vector<std::string>;

const std::string urlencoded = "application/x-www-form-urlencoded";
const std::string multipart = "multipart/form-data; boundary=b";

// The status that a body is refused with, or 200.
int status(std::string_view type, std::string_view body, const FormLimits& limits = {}) {
    try {
        parse_form(type, body, limits);
        return 200;
    } catch (const HttpError& error) {
        return error.status;
    }
}

std::string part(const std::string& headers, const std::string& content) {
    return "--b\r\n" + headers + "\r\n\r\n" + content + "\r\n";
}

std::string field(const std::string& name, const std::string& value) {
    return part("Content-Disposition: form-data; name=\"" + name + "\"", value);
}

std::string file(const std::string& filename, const std::string& content) {
    return part("Content-Disposition: form-data; name=\"file\"; filename=\"" + filename +
                    "\"\r\nContent-Type: text/plain",
                content);
}

// The status of a form whose only part has this Content-Disposition.
int disposition_status(const std::string& disposition) {
    return status(multipart, part("Content-Disposition: " + disposition, "x") + "--b--\r\n");
}

std::string field_name(const std::string& disposition) {
    return parse_form(multipart, part("Content-Disposition: " + disposition, "x") + "--b--\r\n")
        .fields.at(0)
        .first;
}

// A form with two text fields and two file controls, one of them empty, as Firefox sends it.
const std::string browser_type =
    "multipart/form-data; boundary=---------------------------9051914041544843365972754266";
const std::string browser_body =
    "-----------------------------9051914041544843365972754266\r\n"
    "Content-Disposition: form-data; name=\"text\"\r\n"
    "\r\n"
    "text default\r\n"
    "-----------------------------9051914041544843365972754266\r\n"
    "Content-Disposition: form-data; name=\"message\"\r\n"
    "\r\n"
    "two\r\nlines, caf\xC3\xA9\r\n"
    "-----------------------------9051914041544843365972754266\r\n"
    "Content-Disposition: form-data; name=\"file1\"; filename=\"a.txt\"\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "Content of a.txt.\n\r\n"
    "-----------------------------9051914041544843365972754266\r\n"
    "Content-Disposition: form-data; name=\"file2\"; filename=\"\"\r\n"
    "Content-Type: application/octet-stream\r\n"
    "\r\n"
    "\r\n"
    "-----------------------------9051914041544843365972754266--\r\n";

}  // namespace

// --- urlencoded ----------------------------------------------------------------------------------

TEST_CASE(
    "in an urlencoded form a plus is a space, escapes are bytes, and fields keep their order") {
    const Form form =
        parse_form(urlencoded, "name=Ada+L&tag=a&tag=b%26c%3D&blank=&alone&=nameless");
    CHECK(form.fields == Fields{{"name", "Ada L"},
                                {"tag", "a"},
                                {"tag", "b&c="},
                                {"blank", ""},
                                {"alone", ""},
                                {"", "nameless"}});
    CHECK(form.get("tag") == "a");
    CHECK(form.all("tag") == Values{"a", "b&c="});
    CHECK(form.get("unknown") == "");
    CHECK(form.all("unknown").empty());
    CHECK(form.files.empty());
    CHECK(form.not_utf8.empty());
}

TEST_CASE("an empty urlencoded body is a form without fields, and empty pairs are skipped") {
    CHECK(parse_form(urlencoded, "").fields.empty());
    CHECK(parse_form(urlencoded, "&&a=1&&b=2&").fields == Fields{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("a broken escape stands for itself") {
    CHECK(parse_form(urlencoded, "a=100%&b=%zz&c=%4").fields ==
          Fields{{"a", "100%"}, {"b", "%zz"}, {"c", "%4"}});
}

TEST_CASE("the type decides the format, in any case and with parameters, and other types are 415") {
    CHECK(status("APPLICATION/x-www-form-URLENCODED; charset=UTF-8", "a=1") == 200);
    CHECK(status(" application/x-www-form-urlencoded ;", "a=1") == 200);
    CHECK(status("", "a=1") == 415);
    CHECK(status("text/plain", "a=1") == 415);
    CHECK(status("application/json", "{}") == 415);
    CHECK(status("application/x-www-form-urlencodedx", "a=1") == 415);
    CHECK(status("multipart/mixed; boundary=b", "--b--") == 415);
}

TEST_CASE("a value that is not UTF-8 is reported and emptied, in either format") {
    const Form form = parse_form(urlencoded, "good=caf%C3%A9&bad=caf%E9&cut=%C3&bad=fine");
    CHECK(form.fields ==
          Fields{{"good", "caf\xC3\xA9"}, {"bad", ""}, {"cut", ""}, {"bad", "fine"}});
    CHECK(form.not_utf8 == Values{"bad", "cut"});

    const Form parts = parse_form(multipart, field("a", "\xE9") + field("b", "b") + "--b--");
    CHECK(parts.fields == Fields{{"a", ""}, {"b", "b"}});
    CHECK(parts.not_utf8 == Values{"a"});
}

TEST_CASE("a name that is not UTF-8 makes the form malformed, in either format") {
    CHECK(status(urlencoded, "caf%E9=1") == 400);
    CHECK(status(multipart, field("caf\xE9", "1") + "--b--") == 400);
    CHECK(status(multipart,
                 part("Content-Disposition: form-data; name=\"\xE9\"; filename=\"a\"", "1") +
                     "--b--") == 400);
}

// --- multipart: the shape ------------------------------------------------------------------------

TEST_CASE("a multipart form is read as a browser sends it") {
    const Form form = parse_form(browser_type, browser_body);
    CHECK(form.fields ==
          Fields{{"text", "text default"}, {"message", "two\r\nlines, caf\xC3\xA9"}});
    REQUIRE(form.files.size() == 1);  // the control that was left empty isn't a file
    CHECK(form.files[0].name == "file1");
    CHECK(form.files[0].filename == "a.txt");
    CHECK(form.files[0].content_type == "text/plain");
    CHECK(form.files[0].content == "Content of a.txt.\n");
}

TEST_CASE("a multipart body cut at any byte before its end is 400") {
    const std::size_t end = browser_body.size() - 2;  // only the last CRLF may be missing
    for (std::size_t length = 0; length < end; ++length) {
        const int answer = status(browser_type, std::string_view(browser_body).substr(0, length));
        if (answer != 400) FAIL_CHECK("cut at " << length << ": " << answer);
    }
    CHECK(status(browser_type, std::string_view(browser_body).substr(0, end)) == 200);
    CHECK(status(browser_type, std::string_view(browser_body).substr(0, end + 1)) == 400);
}

TEST_CASE("any preamble and epilogue are skipped") {
    const std::string body = field("a", "1") + "--b--";
    const Fields expected{{"a", "1"}};
    CHECK(parse_form(multipart, "This is a message in MIME format.\r\n" + body).fields == expected);
    CHECK(parse_form(multipart, "\r\n" + body).fields == expected);
    CHECK(parse_form(multipart, "--bx\r\n" + body).fields == expected);
    CHECK(parse_form(multipart, body + "\r\nbye\r\n" + field("c", "3")).fields == expected);
    // Without a CRLF after it, the preamble swallows the first boundary.
    CHECK(status(multipart, "preamble" + body) == 200);
    CHECK(parse_form(multipart, "preamble" + body).fields.empty());
}

TEST_CASE("a multipart form may have no parts at all") {
    CHECK(parse_form(multipart, "--b--\r\n").fields.empty());
    CHECK(status(multipart, "") == 400);
    CHECK(status(multipart, "--b") == 400);
    CHECK(status(multipart, "--b\r\n") == 400);
    CHECK(status(multipart, "--b\r\n--b--") == 400);
}

TEST_CASE("a boundary counts only at the beginning of a line and alone on it") {
    for (const std::string content :
         {"x--b", "x\n--b\nx", "x\r--b\rx", "x\n--b--\r\n", "\r\n--bb", "\r\n--b-", "\r\n--b -",
          "\r\n--b--x", "\r\n-b", "\r\n--B\r\n", "\r\n", "\r\n\r\n", "", "\r\n--b-- \t."}) {
        CAPTURE(content);
        CHECK(parse_form(multipart, field("a", content) + "--b--").fields ==
              Fields{{"a", content}});
    }
}

TEST_CASE("content can't begin with a boundary, which would end the part before its content") {
    // The CRLF of the blank line belongs to that delimiter, so the header has no end, which is 400.
    CHECK(status(multipart, field("a", "--b\r\n") + "--b--") == 400);
    CHECK(status(multipart, field("a", "--b--") + "--b--") == 400);
}

TEST_CASE("blanks may follow a boundary on its line") {
    CHECK(parse_form(multipart,
                     "--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b-- \t")
              .fields == Fields{{"a", "1"}});
}

TEST_CASE("lines of a multipart body end in CRLF, not in LF alone") {
    CHECK(status(multipart, "--b\nContent-Disposition: form-data; name=a\n\n1\n--b--\n") == 400);
    CHECK(status(multipart, "--b\r\nContent-Disposition: form-data; name=a\n\n1\r\n--b--") == 400);
}

TEST_CASE("the boundary has 1 to 70 characters of the allowed set") {
    const auto with = [](const std::string& quoted, const std::string& boundary) {
        return status("multipart/form-data; boundary=" + quoted, "--" + boundary + "--");
    };
    const std::string longest(70, 'x');
    CHECK(with("b", "b") == 200);
    CHECK(with(longest, longest) == 200);
    CHECK(with(longest + "x", longest + "x") == 400);
    CHECK(with("\"b\"", "b") == 200);
    CHECK(with("\"a b'()+_,-./:=?0Z\"", "a b'()+_,-./:=?0Z") == 200);
    CHECK(with("", "") == 400);
    CHECK(with("\"\"", "") == 400);
    CHECK(with("\"b \"", "b ") == 400);
    CHECK(with("\"b*\"", "b*") == 400);
    CHECK(with(R"("a\-b\ \c")", "a-b c") == 200);  // quoted pairs (RFC 9110 §5.6.4)
    CHECK(with(R"("a%22b")", "a\"b") == 400);      // %22 is a quote in a form's part only
    CHECK(status("multipart/form-data", "--b--") == 400);
    for (const char* unquoted : {"a/b", "a=b", "a'()+_,-./:=?0Z", "=", "/"}) {
        CAPTURE(std::string(unquoted));
        CHECK(with(unquoted, unquoted) == 200);
    }
    for (const char* unquoted : {"a\"b", "a@b", "a\\b", "a<b"}) {
        CAPTURE(std::string(unquoted));
        CHECK(with(unquoted, unquoted) == 400);
    }
    CHECK(status("multipart/form-data; BOUNDARY=b ; charset=utf-8;", "--b--") == 200);
    CHECK(status("multipart/form-data; boundary=a/b; charset=utf-8", "--a/b--") == 200);
}

TEST_CASE("a type with a malformed parameter is one that we don't know, which is 415") {
    for (const char* parameters :
         {"boundary", "boundary=\"b", "boundary=\"b\\", "boundary=\"b\\\"", "boundary=a b",
          "boundary=b; boundary=b", "boundary=\"b\"c", "charset=a/b; boundary=b", "=b; boundary=b",
          "boundary=b; charset="}) {
        CAPTURE(std::string(parameters));
        CHECK(status(std::string("multipart/form-data; ") + parameters, "--b--") == 415);
    }
    CHECK(status("application/x-www-form-urlencoded; charset", "a=1") == 415);
    CHECK(status("application/x-www-form-urlencoded; charset=\"utf-8\"", "a=1") == 200);
}

// --- multipart: the parts ------------------------------------------------------------------------

TEST_CASE("names may be tokens or quoted, with escapes as in the RFC or as browsers write them") {
    CHECK(field_name("form-data; name=plain") == "plain");
    CHECK(field_name("form-data;; ; name=plain ; ;") == "plain");
    CHECK(field_name("Form-Data;NAME=\"quoted\"") == "quoted");
    CHECK(field_name("form-data; x=1; name=\"a;b=c\" ; y=\"2\"") == "a;b=c");
    CHECK(field_name(R"(form-data; name="say \"hi\"")") == "say \"hi\"");
    CHECK(field_name(R"(form-data; name="say %22hi%22")") == "say \"hi\"");
    CHECK(field_name(R"(form-data; name="one \\ two \ three")") == R"(one \ two \ three)");
    CHECK(field_name("form-data; name=\"100%25 %0D%0A\"") == "100%25 %0D%0A");
    CHECK(field_name("form-data; name=\"caf\xC3\xA9\"") == "caf\xC3\xA9");
    CHECK(field_name("form-data; name=\"\"") == "");
}

TEST_CASE("a part that is not form-data with one name is 400") {
    CHECK(disposition_status("form-data; name=a") == 200);
    for (const char* wrong :
         {"form-data", "form-data; filename=x", "attachment; name=a", "", "; name=a",
          "form-data; name", "form-data; name=", "form-data; name=\"a", "form-data; name=\"a\\\"",
          "form-data; name=a; name=b", "form-data; name=a; NAME=a", "form-data; name=\"a\"b",
          "form-data name=a", "form-data; =a", "form-data; na me=a", "form-data; name =a",
          "form-data; name=caf\xC3\xA9"}) {
        CAPTURE(std::string(wrong));
        CHECK(disposition_status(wrong) == 400);
    }
}

TEST_CASE("filename* alone is 400, and beside a filename it is ignored") {
    CHECK(disposition_status("form-data; name=a; filename*=utf-8''x") == 400);
    CHECK(disposition_status("form-data; name=a; filename=x; filename*=utf-8''y") == 200);
}

TEST_CASE("malformed header fields of a part are 400") {
    const std::string good = "Content-Disposition: form-data; name=a";
    CHECK(status(multipart, part(good + "\r\nX-Other: 1", "x") + "--b--") == 200);
    for (const std::string& wrong :
         {std::string("no colon"), std::string("no-colon"), std::string(": no name"),
          std::string("Space : x"), std::string(" folded: x"), std::string("Bare: x\ry"),
          std::string("Bare: x\ny"), std::string("Nul: \0", 6), good,
          std::string("CONTENT-DISPOSITION: form-data; name=b")}) {
        CAPTURE(wrong);
        CHECK(status(multipart, part(good + "\r\n" + wrong, "x") + "--b--") == 400);
    }
    CHECK(status(multipart, part("Content-Type: text/plain", "x") + "--b--") == 400);
    CHECK(status(multipart, "--b\r\n\r\nx\r\n--b--") == 400);
    CHECK(status(multipart, "--b\r\n" + good + "\r\n\r\n--b--") == 400);
}

TEST_CASE("a part with a transfer encoding is refused, not stored in it") {
    const auto with = [](const std::string& encoding) {
        return status(multipart, part("Content-Disposition: form-data; name=a\r\n"
                                      "Content-Transfer-Encoding: " +
                                          encoding,
                                      "eA==") +
                                     "--b--");
    };
    CHECK(with("binary") == 200);
    CHECK(with("8BIT") == 200);
    CHECK(with("7bit") == 200);
    CHECK(with("base64") == 400);
    CHECK(with("quoted-printable") == 400);
    CHECK(with("") == 400);
}

TEST_CASE("a file's content is kept byte for byte") {
    std::string content;
    for (int i = 0; i < 70'000; ++i) content += static_cast<char>(i * 31 + i / 256);
    content += "\r\n--\r\n-\r\n--a\r\n";
    const Form form = parse_form(multipart, file("all.bin", content) + "--b--");
    CHECK(form.files.at(0).content == content);
    CHECK(form.fields.empty());
    CHECK(form.not_utf8.empty());
}

TEST_CASE("an empty file with a name is a file, and so is a nameless one with content") {
    const Form form = parse_form(multipart, file("empty.txt", "") + file("", "x") + "--b--");
    REQUIRE(form.files.size() == 2);
    CHECK(form.files[0].filename == "empty.txt");
    CHECK(form.files[1].filename == "unnamed");
    CHECK(form.files[1].content == "x");
}

TEST_CASE("a file without a Content-Type is application/octet-stream") {
    const Form form = parse_form(
        multipart, part("Content-Disposition: form-data; name=f; filename=x", "1") + "--b--");
    CHECK(form.files.at(0).content_type == "application/octet-stream");
}

TEST_CASE("a file name is reduced to a harmless last component") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"cat.png", "cat.png"},
        {"my cat (1).png", "my cat (1).png"},
        {"../../etc/passwd", "passwd"},
        {"/etc/passwd", "passwd"},
        {"C:\\Users\\Ada\\cat.png", "cat.png"},
        {"..\\..\\boot.ini", "boot.ini"},
        {"a/b\\c/d.txt", "d.txt"},
        {".htaccess", "htaccess"},
        {"...hidden", "hidden"},
        {". .x", "x"},
        {"..", "unnamed"},
        {".", "unnamed"},
        {"", "unnamed"},
        {"dir/", "unnamed"},
        {"a\r\nb\tc\x7f.txt", "abc.txt"},
        {std::string("a\0.txt", 6), "a.txt"},
        {std::string("\0..", 3), "unnamed"},
        {"caf\xC3\xA9.txt", "caf\xC3\xA9.txt"},
        {"caf\xE9.txt", "caf_.txt"},
    };
    for (const auto& [name, expected] : cases) {
        CHECK(safe_filename(name) == expected);
    }
    CHECK(parse_form(multipart, file("../x\\.y%22z", "1") + "--b--").files.at(0).filename ==
          "y\"z");
}

TEST_CASE("a file name of 100 bytes stays, and a longer one keeps its end in whole characters") {
    const std::string longest = std::string(96, 'x') + ".txt";
    CHECK(safe_filename(longest) == longest);
    CHECK(safe_filename("y" + longest) == longest);
    CHECK(safe_filename(repeated("\xC3\xA9", 50)) == repeated("\xC3\xA9", 50));
    CHECK(safe_filename(repeated("\xC3\xA9", 49) + "abc") == repeated("\xC3\xA9", 48) + "abc");
    CHECK(safe_filename(repeated("\xF0\x9F\x98\x80", 25) + "a") ==
          repeated("\xF0\x9F\x98\x80", 24) + "a");
    CHECK(safe_filename("x" + std::string(200, '.')) == "unnamed");
}

// --- limits --------------------------------------------------------------------------------------

TEST_CASE("1000 fields are a form, 1001 are 413") {
    CHECK(status(urlencoded, repeated("a=1&", 1000)) == 200);
    CHECK(status(urlencoded, repeated("a=1&", 1001)) == 413);
    CHECK(status(urlencoded, repeated("&", 5000) + "a") == 200);  // empty pairs are skipped
    CHECK(status(multipart, repeated(field("a", "1"), 1000) + "--b--") == 200);
    CHECK(status(multipart, repeated(field("a", "1"), 1001) + "--b--") == 413);
}

TEST_CASE("100 files are a form, 101 are 413") {
    CHECK(status(multipart, repeated(file("a", "1"), 100) + "--b--") == 200);
    CHECK(status(multipart, repeated(file("a", "1"), 101) + "--b--") == 413);
}

TEST_CASE("1000 fields and 100 files fit together, and empty file controls count towards the sum") {
    const std::string full = repeated(field("a", "1"), 1000) + repeated(file("a", "1"), 100);
    CHECK(status(multipart, full + "--b--") == 200);
    CHECK(status(multipart, repeated(file("", ""), 1100) + "--b--") == 200);
    CHECK(status(multipart, repeated(file("", ""), 1101) + "--b--") == 413);
}

TEST_CASE("a text field may have 500,000 bytes, not one more, and a file may be larger") {
    const std::string longest(500'000, 'x');
    CHECK(status(urlencoded, "a=" + longest) == 200);
    CHECK(status(urlencoded, "a=" + longest + "x") == 413);
    CHECK(status(urlencoded, "a=" + repeated("%41", 500'000)) == 200);  // decoded bytes count
    CHECK(status(urlencoded, "a=" + repeated("%41", 500'001)) == 413);
    CHECK(status(multipart, field("a", longest) + "--b--") == 200);
    CHECK(status(multipart, field("a", longest + "x") + "--b--") == 413);
    CHECK(status(multipart, file("a", longest + "x") + "--b--") == 200);
}

TEST_CASE("a part's header may have 8192 bytes, not one more") {
    const std::string start = "Content-Disposition: form-data; name=a\r\nX: ";
    const auto with_size = [&](std::size_t bytes) {
        return status(multipart,
                      part(start + std::string(bytes - start.size(), 'x'), "1") + "--b--");
    };
    CHECK(with_size(8192) == 200);
    CHECK(with_size(8193) == 413);
    CHECK(with_size(100'000) == 413);
}

TEST_CASE("a part's header may have 16 fields, not one more") {
    std::string headers = "Content-Disposition: form-data; name=a";
    for (int i = 2; i <= 16; ++i) headers += "\r\nX-" + std::to_string(i) + ": x";
    CHECK(status(multipart, part(headers, "1") + "--b--") == 200);
    CHECK(status(multipart, part(headers + "\r\nX-17: x", "1") + "--b--") == 413);
}

TEST_CASE("the limits can be set") {
    FormLimits limits;
    limits.fields = 1;
    CHECK(status(urlencoded, "a=1", limits) == 200);
    CHECK(status(urlencoded, "a=1&b=2", limits) == 413);
    limits.files = 0;
    CHECK(status(multipart, file("a", "1") + "--b--", limits) == 413);
}

// --- robustness ----------------------------------------------------------------------------------

TEST_CASE("bodies that are made to be slow are parsed within a few seconds") {
    const std::size_t size = 1 << 20;
    const std::string dashes = "multipart/form-data; boundary=" + std::string(70, '-');
    const auto start = std::chrono::steady_clock::now();
    status(urlencoded, repeated("a&", size / 2));
    status(urlencoded, std::string(size, '%'));
    status(urlencoded, repeated("a=%&", 1000) + std::string(size, '+'));
    status(dashes, std::string(size, '-'));
    status(dashes, repeated("\r\n" + std::string(71, '-'), size / 73));
    status(multipart, std::string(size, '\r'));
    status(multipart, repeated("\r\n--b ", size / 6));
    status(multipart, "--b\r\n" + std::string(size, ' ') + "\r\n--b--");
    status(multipart, repeated("--b\r\n" + repeated("a:\r\n", 2000) + "\r\n\r\n", 100) + "--b--");
    status(multipart, part("Content-Disposition: form-data" + repeated(";", 8000), "") + "--b--");
    status(multipart,
           part("Content-Disposition: form-data" + repeated("; a=\"", 1500), "") + "--b--");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("a damaged form is either parsed or refused") {
    const auto attempt = [](const std::string& type, const std::string& body) {
        try {
            const Form form = parse_form(type, body);
            for (const auto& [name, value] : form.fields) {
                CHECK(is_valid_utf8(name));
                CHECK(is_valid_utf8(value));
            }
            for (const UploadedFile& upload : form.files) {
                CHECK(is_valid_utf8(upload.filename));
                CHECK_FALSE(upload.filename.empty());
                CHECK(upload.filename.size() <= 100);
                CHECK(upload.filename.find_first_of(std::string("/\\\r\n\0", 5)) ==
                      std::string::npos);
                CHECK_FALSE(upload.filename.starts_with('.'));
            }
        } catch (const HttpError& error) {
            CHECK((error.status == 400 || error.status == 413 || error.status == 415));
        }
    };
    const std::string body =
        field("a", "1") + file("a.txt", "content") + field("b", "\r\n") + "--b--\r\n";
    const std::vector<std::string> words = {
        "\r\n",        "--b",     "--b--", "\r\n--b\r\n",
        "\r\n\r\n",    "name=\"", "\"",    "\\\"",
        "filename=\"", "%22",     ";",     "Content-Disposition:",
        "form-data",   "\xC3",    "../",   std::string(1, '\0')};
    try_mutations("multipart forms", {body, "preamble\r\n" + body + "epilogue"}, words,
                  [&](const std::string& damaged) { attempt(multipart, damaged); });
    try_mutations("urlencoded forms", {"a=1&b=two+words&c=%C3%A9", "=&=&a&%"},
                  {"&", "=", "%", "%C3", "%00", "+"},
                  [&](const std::string& damaged) { attempt(urlencoded, damaged); });
    try_mutations("form types", {multipart, urlencoded, "multipart/form-data; boundary=\"b\"; x=y"},
                  {";", "=", "\"", "\\", "boundary=", "b"},
                  [&](const std::string& damaged) { attempt(damaged, body); });
}
