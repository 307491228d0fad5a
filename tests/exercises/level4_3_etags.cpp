// Exercise 4-3: pages that are made anew have ETags, and are 304 if they have not changed. The
// contract is in level4/README.md.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "live.hpp"

namespace {

const std::vector<std::string> pages = {"/messages",       "/chat",     "/upload",
                                        "/hello?name=Ada", "/users/42", "/api/messages"};

Exchange ask_again(const std::string& target, const std::string& tags,
                   const std::vector<std::string>& more = {}) {
    std::vector<std::string> fields = {"If-None-Match: " + tags};
    fields.insert(fields.end(), more.begin(), more.end());
    return exchange(get(target, fields));
}

// The page's ETag, which has to be one.
std::string etag_of(const Exchange& reply, Where where = Where::here()) {
    const std::string etag = reply.reply.value("ETag");
    expect(etag.size() > 2 && etag.ends_with('"') &&
               (etag.starts_with('"') || etag.starts_with("W/\"")),
           reply, "ETag: \"...\", in quotes", "ETag: " + etag,
           {"RFC 9110 §8.8.3: it names this version of the page",
            "a hash of the page, in a layer around the handlers"},
           where);
    return etag.empty() ? "\"none\"" : etag;
}

}  // namespace

TEST_SUITE_BEGIN("exercise 4-3");

TEST_CASE("a client that has the page gets 304 without a body") {
    for (const std::string& page : pages) {
        const std::string etag = etag_of(exchange(get(page)));
        const Exchange again = ask_again(page, etag);
        expect_status(again, 304, {"MUST RFC 9110 §13.1.2: the client has this page", "", page});
        expect_one_reply_then_close(again, {"MUST RFC 9110 §15.4.5: a 304 has no body"});
    }
}

TEST_CASE("a page that has changed has another ETag, and is sent") {
    for (const char* page : {"/messages", "/api/messages"}) {
        const Exchange before = exchange(get(page));
        const std::string etag = etag_of(before);
        const std::string name = unique();
        post(name);
        const Exchange after = ask_again(page, etag);
        expect_status(after, 200, {"MUST RFC 9110 §13.1.2: this is another version"});
        expect_in_body(after, name, {"it has the new message"});
        expect(etag_of(after) != etag, after, "another ETag", etag,
               {"MUST RFC 9110 §8.8.1: other bytes"});
    }
    const std::string ada = etag_of(exchange(get("/hello?name=Ada")));
    expect_status(ask_again("/hello?name=Eve", ada), 200,
                  {"another page, though the address is hardly another one"});
}

TEST_CASE("the same page has the same ETag again, and HEAD has it as well") {
    for (const std::string& page : pages) {
        const std::string etag = etag_of(exchange(get(page)));
        expect_field(exchange(get(page)), "ETag", etag, {"nothing has changed", "", page});
        expect_field(exchange(request("HEAD", page)), "ETag", etag,
                     {"SHOULD RFC 9110 §9.3.2: the fields are those of GET"});
        expect_status(exchange(request("HEAD", page, {"If-None-Match: " + etag})), 304,
                      {"MUST RFC 9110 §13.1.2: HEAD is asked about the same page"});
    }
}

TEST_CASE("a list of tags, a weak one and a star are compared as for files") {
    const std::string page = "/hello?name=Ada";
    const std::string etag = etag_of(exchange(get(page)));
    const std::string weak = etag.starts_with("W/") ? etag : "W/" + etag;
    for (const std::string& tags : {"\"a\", " + etag, weak, "\"a,b\" , " + weak, std::string("*")})
        expect_status(ask_again(page, tags), 304,
                      {"MUST RFC 9110 §13.1.2: a list, compared weakly, or *",
                       "check_conditions() of level 3 does it", tags});
    for (const char* tags : {"\"other\"", "W/\"other\"", "\"\""})
        expect_status(ask_again(page, tags), 200, {"the client has something else", "", tags});
}

TEST_CASE("a 304 says what the 200 would say to a cache, and nothing of its content") {
    for (const std::string& page : pages) {
        const Exchange whole = exchange(get(page));
        const Exchange again = ask_again(page, etag_of(whole));
        expect_status(again, 304, {"the client has this page"});
        for (const char* name : {"Cache-Control", "ETag", "Content-Security-Policy"})
            expect_field(again, name, whole.reply.value(name),
                         {"MUST RFC 9110 §15.4.5: as in the 200", "", page});
        expect_present(again, "Date", {"MUST RFC 9110 §15.4.5: a 304 has a Date"});
        if (whole.reply.lists("Vary", "Accept-Encoding"))
            expect_listed(again, "Vary", "Accept-Encoding",
                          {"MUST RFC 9110 §15.4.5: as in the 200"});
        for (const char* name : {"Content-Type", "Content-Encoding"})
            expect_absent(again, name,
                          {"SHOULD RFC 9110 §15.4.5: there is no content to describe"});
    }
}

TEST_CASE("a page that went out compressed is known again by its ETag") {
    post(unique());
    const std::vector<std::string> gzip = {"Accept-Encoding: gzip"};
    for (const char* page : {"/messages", "/hello?name=Ada"}) {
        const Exchange packed = exchange(get(page, gzip));
        const std::string etag = etag_of(packed);
        expect_status(ask_again(page, etag, gzip), 304,
                      {"MUST RFC 9110 §13.1.2: the client has this page, in its compressed form",
                       "put the layer inside the one that compresses"});
        if (packed.reply.value("Content-Encoding") != "gzip") continue;
        expect(etag.starts_with("W/"), packed, "a weak ETag", etag,
               {"MUST RFC 9110 §8.8.3.3: a strong one would name the bytes of the plain page"});
    }
}

TEST_CASE("what no cache may keep, an error, and a reply to POST have no ETag") {
    etag_of(exchange(get("/messages")));
    for (const char* page :
         {"/contact", "/echo", "/nowhere", "/api/messages/999999999", "/thankyou"})
        expect_absent(exchange(get(page)), "ETag",
                      {"only a 200 that may be kept has a tag", "", page});
    const Exchange form = exchange(contact({unique()}, {"If-None-Match: *"}));
    expect_status(form, 303, {"the condition is about pages that are read"});
    expect_absent(form, "ETag", {"only a 200 to GET has a tag"});
}

TEST_CASE("a page without a body to compare is never taken for a file" *
          doctest::description("control")) {
    const std::string etag = etag_of(exchange(get("/static/style.css")));
    expect_status(ask_again("/static/style.css", etag), 304,
                  {"files have ETags of their own, as before"});
    expect_status(ask_again("/static/style.css", "\"other\""), 200,
                  {"the client has another file"});
}

TEST_SUITE_END();
