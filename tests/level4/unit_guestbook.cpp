// The guestbook's pages, as the values that their templates get, with a store in a folder of its own.
#include <doctest/doctest.h>

#include <string>

#include "app/chat.hpp"
#include "app/guestbook.hpp"
#include "app/message.hpp"
#include "request.hpp"
#include "response.hpp"
#include "router.hpp"
#include "unit_guestbook.hpp"

namespace {

struct Site : GuestbookParts {
    RateLimiter limiter{{.rate = {.requests = 0}}};
    BodyBudget bodies{64 << 20};
    Chat chat{store, templates, limiter, bodies};
    Guestbook guestbook{store, chat, templates, {"a key"}};
    Router router;

    Site() { guestbook.add_routes(router); }
};

// A browser, as far as it has one cookie.
struct Browser {
    Site& site;
    std::string cookie = "";

    Response ask(const std::string& method, const std::string& path, const std::string& query,
                 const std::string& body) {
        Request request;
        request.method = method;
        request.path = path;
        request.query = query;
        request.body = body;
        request.received = Clock::now();
        request.headers.add("Content-Type", "application/x-www-form-urlencoded");
        if (!cookie.empty()) request.headers.add("Cookie", cookie);
        auto response = site.router.handle(request);
        if (const auto* const set = response.headers.find("Set-Cookie"))
            cookie = set->substr(0, set->find(';'));
        return response;
    }
    std::string get(const std::string& path, const std::string& query = "") {
        return ask("GET", path, query, "").body;
    }
    Response post(const std::string& body) { return ask("POST", "/contact", "", body); }
};

}  // namespace

TEST_CASE("the thank-you page has the news of the last message only, and only once") {
    Site site;
    Browser browser{site};
    CHECK(browser.post("name=Ada&message=one").status == 303);
    CHECK(browser.post("name=Ada&message=two").status == 303);
    CHECK(browser.get("/thankyou") == "<Thank you>Ada: Your message is number 2.");
    CHECK(browser.get("/thankyou") == "<Thank you>Ada:");
}

TEST_CASE("the cursor is in the first field with a mistake") {
    Site site;
    Browser browser{site};
    CHECK(browser.post("name=&email=x&message=").body.ends_with(">name"));
    CHECK(browser.post("name=Ada&email=x&message=").body.ends_with(">email"));
    CHECK(browser.post("name=Ada&email=&message=").body.ends_with(">message"));
    CHECK(browser.get("/contact") == "<Sign the guestbook>");
}

TEST_CASE("each page of messages leads to the newer one and to the older one, if there is one") {
    Site site;
    for (int i = 0; i < 41; ++i) site.store.add("Ada", "", "hello");
    Browser browser{site};
    CHECK(browser.get("/messages").ends_with(" 22 page 1 of 3 older 2"));
    CHECK(browser.get("/messages", "page=2").ends_with(" 2 page 2 of 3 newer 1 older 3"));
    CHECK(browser.get("/messages", "page=3") == "<Messages, page 3>1 page 3 of 3 newer 2");
    CHECK(browser.ask("GET", "/messages", "page=4", "").status == 404);
}

TEST_CASE("a guestbook without messages has no links to pages of them") {
    Site site;
    CHECK(Browser{site}.get("/messages") == "<Messages>");
}

TEST_CASE("a page says of a time that it is UTC") {
    const Message message{1, "Ada", "", "hello", "2026-11-21T10:25:00Z"};
    CHECK(to_page_values(message).at("when").as_string() == "2026-11-21 10:25:00 UTC");
}
