// Uploads: a stranger's bytes, served from our own address. The same bytes must come back, but not
// as something that a browser would run. The stranger has no say in where they are stored.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "text.hpp"

using std::string_literals::operator""s;

namespace {

// The smallest pictures: one pixel each.
const std::string gif =
    "GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0"
    "\x02\x02"
    "D\x01\0;"s;
const std::string png =
    "\211PNG\015\012\032\012"
    "\000\000\000\015IHDR\000\000\000\001\000\000\000\001\010\000\000\000\000:~\233U"
    "\000\000\000\012IDATx\332ch\000\000\000\202\000\201\332E\010;"
    "\000\000\000\000IEND\256B`\202"s;

Exchange upload(const std::string& content, const std::string& filename = "holiday",
                const std::string& type = "application/octet-stream") {
    std::string body = multipart({{"file", content, filename, type}});
    return exchange(with_body("POST", "/upload", multipart_type, body));
}

// Uploads the content, checks the address that it gets, and fetches it from there.
Exchange upload_and_get(const std::string& content, const std::string& filename,
                        const std::string& type, Where where = Where::here()) {
    Exchange reply = upload(content, filename, type);
    expect_status(reply, 303, {"a picture or a text is accepted, whatever it is called"}, where);
    std::string address = address_of_upload(reply);
    std::string name = address.substr(std::min(address.size(), std::string("/uploads/").size()));
    bool plain = !name.empty() && name.front() != '.' &&
                 lower(name).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") ==
                     std::string::npos;
    expect(address.starts_with("/uploads/") && plain, reply,
           "Location: /uploads/ and a plain name, or a page with such an address", visible(address),
           {"the server chooses the name, such as a random one or a hash of the bytes"}, where);
    Exchange file = exchange(get(address));
    expect_status(file, 200, {"what was uploaded is there"}, where);
    expect_body(file, content, {"the same bytes come back"}, where);
    expect_field(file, "X-Content-Type-Options", "nosniff",
                 {"without it a browser looks at the bytes, and runs what looks like HTML"}, where);
    return file;
}

std::string type_of(const Exchange& exchange) {
    return lower(split(exchange.reply.value("Content-Type"), ';').front());
}

const Reason same_origin = {
    "a script in an upload runs with the rights of our own pages, so it can read their cookies and "
    "send their forms (stored XSS)",
    "choose the type by the bytes, from a short list of pictures, else text/plain"};

}  // namespace

TEST_SUITE_BEGIN("level4 / 4 uploads");

TEST_CASE("/upload is a form for a file") {
    Exchange page = exchange(get("/upload"));
    expect_status(page, 200, {"the form"});
    expect_in_body(page, "multipart/form-data",
                   {"without this enctype a browser sends the file's name in place of the file"});
    Control file = control(page.reply.body, "file");
    expect(file.found, page, "<input type=\"file\" name=\"file\">", "no such field",
           {"the contract says so"});
}

TEST_CASE("a picture comes back as a picture, whatever its name and type claim") {
    for (const auto& [content, wanted] : {std::pair(png, "image/png"), std::pair(gif, "image/gif")})
        for (const char* claimed : {"image/png", "text/html", "image/svg+xml"}) {
            Exchange file = upload_and_get(content, "picture.html", claimed);
            expect(type_of(file) == wanted, file, std::string("Content-Type: ") + wanted,
                   type_of(file), same_origin);
        }
}

TEST_CASE("any text comes back as plain text, even HTML and SVG") {
    const std::string html = "<!DOCTYPE html>\n<script>alert(document.cookie)</script>\n";
    const std::string svg =
        "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
        "onload=\"alert(1)\"/>\n";
    const std::string text =
        " \t\nJ\xc3\xbcrgen, \xf0\x9f\x98\x80\r\nline\ttwo\n\n--" + boundary + " -\n \t";
    for (const std::string& content : {html, svg, svg.substr(svg.find("<svg")), text}) {
        for (const auto& [filename, claimed] :
             {std::pair("page.html", "text/html"), std::pair("picture.svg", "image/svg+xml"),
              std::pair("picture.png", "image/png"), std::pair("x", "application/xhtml+xml")}) {
            Exchange file = upload_and_get(content, filename, claimed);
            bool attached = file.reply.value("Content-Disposition").starts_with("attachment");
            bool plain = type_of(file) == "text/plain" ||
                         (attached && type_of(file) == "application/octet-stream");
            expect(plain, file, "text/plain, or an attachment", type_of(file), same_origin);
        }
    }
}

TEST_CASE("a file that is neither a picture nor a text is refused") {
    expect_status(upload("a text\n"), 303, {"a text is kept"});
    for (const std::string& content :
         {"\x7f"
          "ELF\x02\x01\x01\0\0\0\0\0"s,
          "PK\x03\x04\x14\0\0\0"s, "text with a \0 in it"s, "not UTF-8: \xff\xfe\xc3\x28"s,
          "GIF"s + "\0\xff"s, "\x89PNG\n\x1a\n\0"s, "\x1b[31mred\n"s, "a bell: \x07\n"s,
          "\x7f at the end"s})
        expect_status(
            upload(content), {415, 422},
            {"only what can be shown safely is kept, and a control character is a command "
             "to the terminal that shows it",
             "of U+0000 to U+001F and U+007F, allow tabs and line ends"});
}

TEST_CASE("a form without a file is refused") {
    const std::string no_file =
        "--" + boundary +
        "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n\r\n";
    const std::pair<std::string, const char*> forms[] = {
        {no_file + "--" + boundary + "--\r\n",
         "browsers send an empty filename if no file was chosen"},
        {multipart({}), "a form without a part has no file"},
        {multipart({{"other", "hello", "hello.txt", "text/plain"}}),
         "the file has to be in the field called file"},
        {multipart({{"file", "only a field"}}),
         "RFC 7578 §4.2: a part without a filename is a field, not a file"}};
    for (const auto& [body, why] : forms)
        expect_status(exchange(with_body("POST", "/upload", multipart_type, body)), {400, 415, 422},
                      {why});
    expect_status(exchange(with_body("POST", "/upload", urlencoded_type, "file=holiday.png")),
                  {400, 415, 422}, {"a form without the enctype sends only the name"});
}

TEST_CASE("the client's filename has no influence on where the file is stored") {
    std::string stem = unique("").substr(1);
    const std::string names[] = {"../../" + stem,
                                 "../../../../../../tmp/" + stem,
                                 "/etc/" + stem,
                                 "..\\..\\" + stem,
                                 "C:\\" + stem,
                                 "..%2f..%2f" + stem,
                                 stem + ".html",
                                 "." + stem,
                                 "..",
                                 ".",
                                 stem + "%00.png",
                                 "messages.jsonl",
                                 stem + "\xc3\xbc\xff",
                                 stem + std::string(3000, 'n'),
                                 "con",
                                 stem + "%0d%0aX-Evil: 1"};
    for (const std::string& name : names) {
        std::string content = "named " + visible(name).substr(0, 60) + "\n";
        Exchange reply = upload(content, name);
        expect_status(reply, {303, 400, 422}, {"a name is only a name"});
        expect_absent(reply, "X-Evil", {"%0d%0a in a name must not become a line of the head"});
        if (reply.reply.status != 303) continue;
        std::string address = address_of_upload(reply);
        bool chosen = address.starts_with("/uploads/") && !contains(address, stem) &&
                      !contains(address, "..") && !contains(address, "messages.jsonl");
        expect(chosen, reply, "an address that the server chose", address,
               {"with .. or / in a name, a client could overwrite any file of the server",
                "don't clean the client's name; don't use it at all"});
        expect_body(exchange(get(address)), content, {"the file is there"});
    }
    std::string nul = multipart({{"file", "zero\n", stem + "\0.png"s, "text/plain"}});
    Exchange reply = exchange(with_body("POST", "/upload", multipart_type, nul));
    expect_status(reply, {303, 400, 422}, {"a C function would end the name at the zero byte"});
    expect(!contains(reply.reply.value("Location"), stem), reply, "an address without that name",
           "Location: " + reply.reply.value("Location"), {"the server chooses the name"});
}

TEST_CASE("two files of the same name don't get in each other's way") {
    std::string first = address_of_upload(upload("the first\n", "same.txt"));
    std::string second = address_of_upload(upload("the second\n", "same.txt"));
    expect_body(exchange(get(first)), "the first\n", {"the second must not replace the first"});
    expect_body(exchange(get(second)), "the second\n", {"each has its own address"});
}

TEST_CASE("two pictures that begin alike don't get in each other's way") {
    // A comment of 4,000 bytes comes before the pixel in which they differ.
    const std::string comment =
        "\000\000\017\250tEXtComment\000"s + std::string(4000, 'x') + "\211\012\274J";
    const std::string pixel = "\000\000\000\012IDATx\332c\320\002\000\000,\000+a\362\222k"s;
    const std::size_t after_header = png.find("IDAT") - 4;
    std::string first = png;
    first.insert(after_header, comment);
    std::string second = first;
    second.replace(after_header + comment.size(), pixel.size(), pixel);
    const std::string of_first = address_of_upload(upload(first));
    const std::string of_second = address_of_upload(upload(second));
    expect_that(of_first != of_second, "another address than " + of_first, of_second,
                {"they are two pictures", "make the name of all bytes, or of none"});
    expect_body(exchange(get(of_first)), first, {"the second must not replace the first"});
    expect_body(exchange(get(of_second)), second, {"each has its own address"});
}

TEST_CASE("/uploads/ leads to uploads and nowhere else") {
    for (const char* target :
         {"/uploads/nothing.png", "/uploads/../messages.jsonl", "/uploads/%2e%2e/messages.jsonl",
          "/uploads/..%2fmessages.jsonl", "/uploads/%2e%2e%2fmessages.jsonl",
          "/uploads/..%5cmessages.jsonl", "/uploads/%00", "/uploads/.", "/uploads/..",
          "/uploads//etc/passwd", "/uploads/%2fetc%2fpasswd"})
        expect_status(exchange(get(target)), {400, 404},
                      {"the store, with the visitors' e-mail addresses, is next to the uploads",
                       "look up only names that the server could have chosen"});
}

TEST_SUITE_END();
