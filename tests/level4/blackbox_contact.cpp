// The guestbook's form: what is stored, what is refused and how, and what the session remembers.
// Names differ in each run, because the store may hold what earlier runs left.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "text.hpp"

namespace {

const std::string umlaut = "\xc3\xbc";
const std::string emoji = "\xf0\x9f\x98\x80";

// What a reader sees around a field: the text between the field before it and the one after it.
std::string text_around(std::string_view page, const std::string& field) {
    std::size_t begin = 0;
    std::size_t end = page.size();
    Control middle = control(page, field);
    for (const char* name : {"name", "email", "message"}) {
        Control other = control(page, name);
        if (other.end <= middle.begin && other.end > begin) begin = other.end;
        if (other.begin >= middle.end && other.begin < end) end = other.begin;
    }
    if (begin == 0) begin = std::min(page.find("<form"), middle.begin);
    if (end == page.size()) end = std::min(page.find("</form"), page.size());
    return visible_text(page.substr(begin, middle.begin - begin)) +
           visible_text(page.substr(middle.end, end - middle.end));
}

void expect_form_with(const Exchange& page, const Typed& typed, const Reason& reason,
                      Where where = Where::here()) {
    for (const auto& [field, value] :
         {std::pair("name", typed.name), std::pair("email", typed.email),
          std::pair("message", typed.message)}) {
        Control found = control(page.reply.body, field);
        expect(found.found && found.value == value, page,
               std::string("the field ") + field + " with: " + visible(value),
               found.found ? "it holds: " + visible(found.value) : "there is no such field", reason,
               where);
    }
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 2 forms");

TEST_CASE("/contact is a form that posts name, email and message") {
    Exchange page = exchange(get("/contact"));
    expect_status(page, 200, {"the form of the guestbook"});
    expect_field(page, "Content-Type", "text/html; charset=utf-8", {"it is a page"});
    const std::string& body = page.reply.body;
    std::size_t at = body.find("<form");
    std::string tag = at == std::string::npos ? "" : body.substr(at, body.find('>', at) - at);
    std::string action = attribute(tag, "action");
    expect(
        lower(attribute(tag, "method")) == "post" && (action.empty() || action == "/contact"), page,
        "<form method=\"post\" action=\"/contact\">", tag,
        {"a form that changes something is a POST, because a GET may be repeated or prefetched"});
    expect_form_with(page, {"", "", ""}, {"an empty form has its three fields"});
}

TEST_CASE("a sent form is answered with 303 to /thankyou, which greets by name") {
    for (bool in_parts : {false, true}) {
        Typed typed{unique(), "ada@example.com"};
        Exchange reply = exchange(in_parts ? contact_multipart(typed) : contact(typed));
        expect_status(
            reply, 303,
            {"RFC 9110 §15.4.4: redirect to a page after a POST, so that a reload does not "
             "send the form again"});
        expect_field(reply, "Location", "/thankyou", {"where the browser goes next"});
        Exchange page = exchange(get("/thankyou", {cookie_field(reply)}));
        expect_status(page, 200, {"this is the page to look at"});
        expect_shown_as_text(page, "Thank you, " + typed.name + "!",
                             {"the session carries the name from one request to the next"});
    }
}

TEST_CASE("the session cookie is HttpOnly, SameSite=Lax and for all paths") {
    Exchange reply = exchange(contact({unique()}));
    std::string cookie = reply.reply.value("Set-Cookie");
    std::vector<std::string> attributes;
    for (const std::string& part : split(cookie, ';')) attributes.push_back(lower(trimmed(part)));
    for (const std::string wanted : {"httponly", "samesite=lax", "path=/"}) {
        bool there = std::count(attributes.begin(), attributes.end(), wanted) == 1;
        expect(
            cookie.starts_with("session=") && there, reply,
            "Set-Cookie: session=...; with " + wanted, "Set-Cookie: " + cookie,
            {"RFC 6265 §4.1.2: HttpOnly keeps it from scripts, SameSite from other sites' forms, "
             "Path lets every page see it"});
    }
}

TEST_CASE("the form recognizes a visitor who has been here before, and no other") {
    Typed typed{unique("O'Ada & \"Co\"")};
    std::string cookie = visit(typed);
    Exchange page = exchange(get("/contact", {cookie}));
    Control name = control(page.reply.body, "name");
    expect(name.value == typed.name, page, "the name filled in: " + typed.name,
           "the field holds: " + name.value, {"a visitor shouldn't have to type the name again"});
    expect(control(exchange(get("/contact")).reply.body, "name").value.empty(), page,
           "an empty field for a visitor without a session", "another visitor's name",
           {"what belongs to one visitor must not be in a global variable"});
    const std::string pair = cookie.substr(cookie.find(' ') + 1);
    for (const std::string& other : {"Cookie: my" + pair, "Cookie: a=" + pair})
        expect(control(exchange(get("/contact", {other})).reply.body, "name").value.empty(), page,
               "an empty field with " + other, "the visitor's name",
               {"RFC 6265 §5.4: the name of a cookie is all that stands before its first =",
                "split the field at the semicolons, then each pair at its first =; don't search"});
}

TEST_CASE("a visitor who signs with another name is greeted by that one") {
    const std::string second = unique("Grace");
    std::string cookie = visit({unique("Ada")});
    Exchange reply = exchange(contact({second}, {cookie}));
    expect_status(reply, 303, {"a good form"});
    if (reply.reply.field("Set-Cookie") != nullptr) cookie = cookie_field(reply);
    Exchange page = exchange(get("/thankyou", {cookie}));
    expect_shown_as_text(page, "Thank you, " + second + "!",
                         {"the thanks are for the message that was just sent",
                          "set the name in the session with each message that is stored"});
}

TEST_CASE("a page with the visitor's name is kept out of shared caches") {
    const std::string session = visit({unique()});
    for (const char* target : {"/contact", "/thankyou"}) {
        Exchange reply = exchange(get(target, {session}));
        const bool kept_apart = reply.reply.lists("Cache-Control", "private") ||
                                reply.reply.lists("Cache-Control", "no-store") ||
                                reply.reply.lists("Vary", "Cookie");
        expect(
            reply.reply.complete() && kept_apart, reply,
            "Cache-Control with private or no-store, or Vary: Cookie", "",
            {"SHOULD RFC 9111 §3: a proxy may store the page, and greet the next visitor by this name"});
    }
}

TEST_CASE("a session cookie that was tampered with is ignored") {
    std::string name = unique();
    std::string cookie = visit({name});
    std::size_t begin = cookie.find("session=") + 8;
    std::vector<std::string> tampered = {"Cookie: session=",
                                         "Cookie: session=x",
                                         "Cookie: session=" + std::string(3000, 'A'),
                                         "Cookie: session=....",
                                         "Cookie: session=\"",
                                         "Cookie: ;=;",
                                         cookie.substr(0, cookie.size() - 6)};
    for (std::size_t i = begin; i + 2 < cookie.size(); i += 7) {
        tampered.push_back(cookie);
        tampered.back()[i] = cookie[i] == 'Q' ? 'R' : 'Q';
    }
    std::vector<Script> scripts;
    for (const std::string& field : tampered) {
        scripts.push_back(get("/contact", {field}));
        scripts.push_back(get("/thankyou", {field}));
    }
    for (const Exchange& page : exchange_all(scripts)) {
        expect(page.reply.complete() && page.reply.status < 400, page,
               "a page or a redirect, as for a new visitor", "",
               {"a broken cookie may be years old, and must not lock its visitor out"});
        expect_not_in_reply(page, name,
                            {"a client that can change a session can pose as any visitor",
                             "verify the signature of the whole value before reading any of it"});
    }
}

TEST_CASE("a session cookie counts also behind one that is not valid, and in a second field") {
    const std::string cookie = visit({"Ada"});
    const std::string pair = cookie.substr(cookie.find(' ') + 1);
    for (const std::vector<std::string>& fields :
         {std::vector<std::string>{"Cookie: session=of.another; " + pair},
          {"Cookie: a=1", cookie},
          {"Cookie: session=", "Cookie: b=2; " + pair + "; c=3"}}) {
        Exchange page = exchange(get("/contact", fields));
        expect(control(page.reply.body, "name").value == "Ada", page, "the visitor's name",
               control(page.reply.body, "name").value,
               {"RFC 6265 §5.4: several cookies may have one name, and a browser sends them all",
                "try each one, and take the first whose signature is right"});
    }
}

TEST_CASE("names of 1 to 100 and messages of 1 to 2000 characters are accepted") {
    for (const Typed& typed :
         {Typed{"A", "", "M"}, Typed{repeated(umlaut, 100)}, Typed{repeated(emoji, 100)},
          Typed{"Ada", "", repeated(emoji, 2000)}, Typed{"Ada", "", std::string(2000, 'm')}})
        expect_status(exchange(contact(typed)), 303,
                      {"count characters, not bytes: U+1F600 is one character of four bytes",
                       "count the bytes that are not 10xxxxxx"});
}

TEST_CASE("a form that does not validate is 422, and shown again as it was typed") {
    const Typed table[] = {{"", "", "hello"},
                           {repeated(umlaut, 101), "", "hello"},
                           {"Ada & <Bob>", "", ""},
                           {"Ada", "", repeated(emoji, 2001)},
                           {"Ada \"q\" 'a'", "not an address", "</textarea>"},
                           {"Ada", "ada@", "hello"},
                           {"Ada", "@example.com", "hello"},
                           {"Ada", "a b@example.com", "hello"}};
    for (const Typed& typed : table) {
        for (const std::string& bytes : {contact(typed), contact_multipart(typed)}) {
            Exchange page = exchange(bytes);
            expect_status(page, 422,
                          {"RFC 9110 §15.5.21: well-formed, but not acceptable; a 400 would say "
                           "that the browser made a mistake"});
            expect_field(page, "Content-Type", "text/html; charset=utf-8",
                         {"a person has to correct it, so it is the form"});
            expect_form_with(page, typed,
                             {"what was typed must neither be lost nor become markup",
                              "escape it: value=\"...\" in an attribute, and between <textarea> "
                              "and </textarea>"});
        }
    }
}

TEST_CASE("a form that is far too long does not come back six times as long") {
    const std::string field(400'000, '"');
    Exchange reply = exchange(
        with_body("POST", "/contact", urlencoded_type, "name=" + field + "&message=" + field));
    expect_status(reply, {413, 422}, {"a name of 400,000 characters is no name"});
    expect(reply.reply.body.size() < 2 * field.size(), reply,
           "a page that is shorter than the form was",
           std::to_string(reply.reply.body.size()) + " bytes",
           {"sixty clients that don't read their pages would fill the memory",
            "show only the beginning of a text that is far too long"});
}

TEST_CASE("a field that is missing counts as empty") {
    for (const std::string& body :
         {std::string(), urlencoded({{"name", "Ada"}}), urlencoded({{"message", "hello"}})})
        expect_status(exchange(with_body("POST", "/contact", urlencoded_type, body)), 422,
                      {"name and message are required"});
    std::string no_email = urlencoded({{"message", "hello"}, {"name", unique()}});
    expect_status(exchange(with_body("POST", "/contact", urlencoded_type, no_email)), 303,
                  {"the e-mail is optional"});
}

TEST_CASE("a field that the form doesn't have is ignored, whatever it is called") {
    for (const char* unknown : {"constructor", "__proto__"}) {
        const std::string body =
            urlencoded({{unknown, "x"}, {"name", "Ada"}, {"message", "hello"}});
        const std::string parts =
            multipart({{unknown, "x"}, {"name", "Ada"}, {"message", "hello"}});
        for (const std::string& bytes : {with_body("POST", "/contact", urlencoded_type, body),
                                         with_body("POST", "/contact", multipart_type, parts)})
            expect_status(exchange(bytes), 303,
                          {"what a program doesn't know of can't be wrong",
                           "in JavaScript every object has members of these names; keep fields in "
                           "a Map"});
    }
}

TEST_CASE("a field that the form doesn't have may hold any bytes") {
    for (const std::string& bytes :
         {with_body("POST", "/contact", urlencoded_type, "name=Ada&message=hello&foo=%ff"),
          with_body("POST", "/contact", multipart_type,
                    multipart({{"name", "Ada"}, {"message", "hello"}, {"foo", "\xff"}}))})
        expect_status(exchange(bytes), 303,
                      {"it is ignored, so it can't be wrong",
                       "check the fields that are used, not all that came"});
}

TEST_CASE("a wrong field has its message beside it, the others have none") {
    Exchange fresh = exchange(get("/contact"));
    Exchange all = exchange(contact({"", "not an address", ""}));
    Exchange one = exchange(contact({"", "", "hello"}));
    for (const char* field : {"name", "email", "message"}) {
        bool said = text_around(all.reply.body, field) != text_around(fresh.reply.body, field);
        expect(said, all, std::string("a message beside the field ") + field, "the same text",
               {"\"invalid input\" at the top would leave the visitor guessing"});
    }
    bool quiet = text_around(one.reply.body, "message") == text_around(fresh.reply.body, "message");
    expect(quiet, one, "nothing new beside the field message, which was right", "other text there",
           {"a message where nothing is wrong sends the visitor the wrong way"});
}

TEST_CASE("a form that did not validate is not stored, and starts no session with that name") {
    std::string name = unique();
    Exchange refused = exchange(contact({name, "not an address", "hello"}));
    expect_status(refused, 422, {"this isn't an e-mail address"});
    expect_not_in_reply(exchange(get("/messages")), name, {"a refused message is not stored"});
    expect_not_in_reply(exchange(get("/contact", {cookie_field(refused)})), name,
                        {"only a visitor whose message was accepted is remembered"});
}

TEST_CASE("text that is not UTF-8 is refused") {
    for (const std::string bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "a\x80"}) {
        for (const Typed& typed : {Typed{"Ada" + bad}, Typed{"Ada", "", "hello" + bad}}) {
            for (const std::string& bytes : {contact(typed), contact_multipart(typed)})
                expect_status(
                    exchange(bytes), {400, 422},
                    {"pages are UTF-8, as JSON is, so one broken byte in the store breaks "
                     "every page it is shown on"});
        }
    }
}

TEST_CASE("another type of body is 415") {
    for (const std::string type : {"text/plain", "application/json", "multipart/mixed; boundary=x",
                                   "application/x-www-form-urlencodedx", ""})
        expect_status(exchange(with_body("POST", "/contact", type, "name=Ada&message=hello")), 415,
                      {"RFC 9110 §15.5.16: a body is read by its declared type, never by its looks",
                       "compare the part before the semicolon, without regard to case"});
    for (const std::string type :
         {"application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-URLencoded"})
        expect_status(exchange(with_body("POST", "/contact", type, "name=Ada&message=hello")), 303,
                      {"MUST RFC 9110 §8.3.1: parameters may follow; case does not matter"});
}

TEST_CASE("urlencoded text is decoded once, + is a space, and a stray % stays or is refused") {
    std::string tail = unique("");
    std::string body = "email=&message=a%2Bb&extra=1&n%61me=%41da+%2541" + percent_encoded(tail);
    Exchange reply = exchange(with_body("POST", "/contact", urlencoded_type, body));
    expect_status(reply, 303, {"unknown fields are ignored"});
    expect_shown_as_text(exchange(get("/thankyou", {cookie_field(reply)})),
                         "Thank you, Ada %41" + tail + "!",
                         {"the format is that of the HTML standard: + is a space, %2541 is %41",
                          "split at & and =, then decode once"});
    for (const char* name : {"name=%&message=m", "name=%4&message=m", "name=%zz&message=m"})
        expect_status(exchange(with_body("POST", "/contact", urlencoded_type, name)),
                      {303, 400, 422}, {"no browser sends this, so any clear answer will do"});
}

TEST_CASE("more than 1000 fields are 413") {
    std::string many;
    std::vector<Part> parts;
    for (int i = 0; i < 1200; ++i) {
        many += "&f=" + std::to_string(i);
        parts.push_back({"f", "x"});
    }
    for (const std::string& bytes :
         {with_body("POST", "/contact", urlencoded_type, "name=Ada&message=hello" + many),
          with_body("POST", "/contact", multipart_type, multipart(parts))})
        expect_status(exchange(bytes), 413,
                      {"a megabyte of a&a&a& is half a million fields, and each costs memory"});
}

TEST_SUITE_END();
