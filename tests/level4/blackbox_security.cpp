// What strangers type, and where it comes out again: in pages, attributes, text areas, and heads.
// Each case tries the same texts in every field; the report shows the text that got through.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "live.hpp"
#include "text.hpp"

namespace {

const Reason escaped = {
    "XSS: text from outside that becomes markup runs in the reader's browser",
    "escape & < > \" ' where the text enters the page, everywhere, once; in templates {{name}}"};

// Each of them would do something in a page that does not escape it.
const std::vector<std::string> attacks = {"<script>alert(1)</script>",
                                          "\"><img src=x onerror=alert(1)>",
                                          "' onfocus='alert(1)' autofocus='",
                                          "\" onfocus=\"alert(1)",
                                          "</textarea><script>alert(2)</script>",
                                          "</title><svg/onload=alert(3)>",
                                          "<!--",
                                          "]]><x",
                                          "&lt;b&gt; &amp; &#60;i&#62; &copy",
                                          "<\xc3\xbc onclick=alert(4)>"};

const std::vector<std::string> template_tags = {"{{name}}",
                                                "{{{name}}}",
                                                "{{&name}}",
                                                "{{#messages}}x{{/messages}}",
                                                "{{>layout}}",
                                                "{{=<% %>=}}",
                                                "{{! comment }}",
                                                "{{",
                                                "}}",
                                                "{{{",
                                                "{% name %} ${name} <%= 1 %>"};

// Sends the text, made unique, in all fields at once, and looks at all the pages that it reaches.
void expect_harmless_everywhere(const std::string& text, const Reason& reason) {
    std::string tail = unique("");
    Typed typed{text + tail, "", text + " said" + tail};
    Exchange reply = exchange(contact(typed));
    expect_status(reply, 303, {"it is a name like any other"});
    std::string cookie = cookie_field(reply);
    expect_shown_as_text(exchange(get("/thankyou", {cookie})), "Thank you, " + typed.name + "!",
                         reason);
    Exchange messages = exchange(get("/messages"));
    expect_shown_as_text(messages, typed.name, reason);
    expect_shown_as_text(messages, typed.message, reason);
    Exchange again = exchange(get("/contact", {cookie}));
    expect(control(again.reply.body, "name").value == typed.name, again,
           "the name in its field, character by character",
           visible(control(again.reply.body, "name").value), reason);

    typed.email = text + tail;  // not an address, so the form comes back
    Exchange form = exchange(contact(typed));
    expect_status(form, 422, {"this isn't an e-mail address"});
    for (const std::string& field : {typed.name, typed.email, typed.message})
        if (field.find_first_of("&<>\"'") != std::string::npos)
            expect_not_in_reply(form, field, reason);
    for (const auto& [name, value] :
         {std::pair("name", typed.name), std::pair("email", typed.email),
          std::pair("message", typed.message)}) {
        std::string got = control(form.reply.body, name).value;
        expect(got == value, form, std::string("the field ") + name + " with " + visible(value),
               visible(got), reason);
    }
}

// No field of any reply may come from the text.
void expect_no_extra_field(const Exchange& exchange, Where where = Where::here()) {
    const Reason reason = {
        "response splitting: with a line end in a field's value, an attacker can start a field, or "
        "a whole reply, of their own",
        "refuse CR, LF and NUL in one place, where fields are set", "%0"};
    expect(exchange.reply.complete() && exchange.reply.problem.empty(), exchange, "a correct reply",
           "", reason, where);
    expect_absent(exchange, "X-Evil", reason, where);
    bool single = exchange.reply.count("Set-Cookie") <= 1 && exchange.rest().empty();
    expect(single, exchange, "one reply, with one cookie at most", "more", reason, where);
    std::string cookie = exchange.reply.value("Set-Cookie");
    expect(cookie.empty() || cookie.starts_with("session="), exchange, "no cookie but the session",
           "Set-Cookie: " + cookie, reason, where);
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 5 what strangers type");

TEST_CASE("markup typed into any field comes out as text on every page") {
    for (const std::string& attack : attacks) expect_harmless_everywhere(attack, escaped);
}

TEST_CASE("template tags typed into any field come out as they were typed") {
    const Reason reason = {
        "text that is rendered again as a template can read out whatever that template can",
        "put values into a rendered page, never into a template that is then rendered"};
    for (const std::string& tags : template_tags) expect_harmless_everywhere(tags, reason);
}

TEST_CASE("markup posted through the API is text on the page, and never HTML in the API") {
    for (const std::string& attack : attacks) {
        std::string name = attack + unique("");
        Exchange reply =
            exchange(with_body("POST", "/api/messages", json_type, message_json(name, "m")));
        expect_status(reply, 201, {"it is a name like any other"});
        expect_shown_as_text(exchange(get("/messages")), name, escaped);
        Exchange api = exchange(get("/api/messages", {"Accept: text/html"}));
        std::string type = media_type(api.reply.value("Content-Type"));
        expect(type.starts_with("application/json"), api, "Content-Type: application/json", type,
               {"as text/html the same bytes would be a page with a script"});
        expect_field(api, "X-Content-Type-Options", "nosniff",
                     {"a browser must not guess the type"});
    }
}

TEST_CASE("markup in an address is escaped on the error page") {
    for (const char* target :
         {"/%3Cscript%3Ealert(1)%3C/script%3E", "/<script>alert(1)</script>",
          "/users/<script>alert(1)</script>", "/messages?page=<script>alert(1)</script>",
          "/uploads/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
          "/api/messages/<script>alert(1)</script>"}) {
        Exchange reply = exchange(get(target));
        bool html = media_type(reply.reply.value("Content-Type")).starts_with("text/html");
        expect(reply.reply.complete() && reply.reply.status < 500, reply, "a page or an error", "",
               escaped);
        expect(!html || !contains(reply.reply.body, "<script>alert"), reply,
               "no markup from the address", "a page with it", escaped);
    }
}

TEST_CASE("line ends in a name never add a field to a reply") {
    const std::string evil[] = {"Ada%0d%0aX-Evil:%201",
                                "Ada%0aX-Evil:%201",
                                "Ada%0dX-Evil:%201",
                                "Ada%0d%0aSet-Cookie:%20evil=1",
                                "Ada%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0aX-Evil:%201",
                                "%0d%0aX-Evil:%201",
                                "Ada%00%0d%0aX-Evil:%201",
                                "Ada%e5%98%8a%e5%98%8dX-Evil:%201",
                                "Ada;%20Domain=evil.example;%20X"};
    for (const std::string& name : evil) {
        Exchange reply = exchange(
            with_body("POST", "/contact", urlencoded_type, "name=" + name + "&message=hello"));
        expect_status(reply, {303, 422}, {"accepted or refused, but not an error of the server"});
        expect_no_extra_field(reply);
        if (reply.reply.status == 303) {
            expect_field(reply, "Location", "/thankyou", {"the name is not part of the address"});
            expect_not_in_reply(reply, "omain=evil",
                                {"a name must not add attributes to a cookie"});
            expect_no_extra_field(exchange(get("/thankyou", {cookie_field(reply)})));
        }
        expect_no_extra_field(exchange(get("/hello?name=" + name)));
        expect_no_extra_field(exchange(get("/files/" + name)));
        expect_no_extra_field(exchange(get("/messages?page=" + name)));
    }
}

TEST_CASE("nothing in a cookie or another field comes back in the head of a reply") {
    for (const char* field :
         {"Cookie: session=Ada%0d%0aX-Evil:%201", "Cookie: X-Evil=1; session=;",
          "Cookie: session=\"a\\\r\"", "Referer: http://localhost/%0d%0aX-Evil:1",
          "Origin: http://localhost", "X-Forwarded-Host: evil.example"}) {
        for (const char* target : {"/thankyou", "/contact"}) {
            Exchange reply = exchange(get(target, {field}));
            expect_no_extra_field(reply);
            expect_not_in_reply(reply, "evil.example", {"the server must know its own name"});
        }
    }
}

TEST_SUITE_END();
