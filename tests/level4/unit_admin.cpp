// The administrator's pages, with a store in a folder of its own.
#include <doctest/doctest.h>

#include <string>

#include "app/admin.hpp"
#include "middleware/basic_auth.hpp"
#include "request.hpp"
#include "response.hpp"
#include "router.hpp"
#include "unit_guestbook.hpp"

namespace {

struct Site : GuestbookParts {
    Router router;

    explicit Site(const Middleware& guard = {}) {
        RouteGroup admin = router.group("/admin");
        if (guard) admin.use(guard);
        add_admin_pages(admin, store, templates, folder.root / "data" / "uploads");
    }

    Response ask(const std::string& method, const std::string& path,
                 const std::string& authorization = "") const {
        Request request;
        request.method = method;
        request.path = path;
        if (!authorization.empty()) request.headers.add("Authorization", authorization);
        return router.handle(request);
    }
};

const std::string name_of_upload = std::string(32, 'a') + ".png";

}  // namespace

TEST_CASE("the administrator sees the messages, the newest first, and none of them as HTML") {
    Site site;
    site.store.add("Ada", "", "first");
    site.store.add("<b>", "", "second");
    const auto response = site.ask("GET", "/admin");
    CHECK(response.status == 200);
    CHECK(response.body == "<Admin>2:&lt;b&gt;:second 1:Ada:first ");
}

TEST_CASE("no cache may keep what the administrator sees") {
    const Site site;
    const auto response = site.ask("GET", "/admin");
    REQUIRE(response.headers.find("Cache-Control") != nullptr);
    CHECK(*response.headers.find("Cache-Control") == "no-store");
}

TEST_CASE("without messages and uploads the page is empty") {
    Site site;
    CHECK(site.ask("GET", "/admin").body == "<Admin>");
}

TEST_CASE("the administrator sees the uploads, and no other file in their folder") {
    Site site;
    site.folder.write("data/uploads/" + name_of_upload, "x");
    site.folder.write("data/uploads/.hidden.png", "x");
    site.folder.write("data/uploads/other.txt", "x");
    CHECK(site.ask("GET", "/admin").body == "<Admin>[" + name_of_upload + "]");
}

TEST_CASE("the page shows at most 100 messages and 100 uploads") {
    Site site;
    for (int i = 0; i < 105; ++i) {
        site.store.add("Ada", "", "x");
        std::string name = std::to_string(1000 + i) + std::string(28, 'a') + ".txt";
        site.folder.write("data/uploads/" + name, "x");
    }
    const auto body = site.ask("GET", "/admin").body;
    CHECK(body.find("105:Ada:x ") != std::string::npos);
    CHECK(body.find(" 6:Ada:x ") != std::string::npos);
    CHECK(body.find(" 5:Ada:x ") == std::string::npos);
    std::size_t uploads = 0;
    for (const char c : body) uploads += c == '[';
    CHECK(uploads == 100);
}

TEST_CASE("a message is deleted by a POST, which redirects to the page") {
    Site site;
    site.store.add("Ada", "", "stays");
    site.store.add("Eve", "", "goes");
    const auto response = site.ask("POST", "/admin/messages/2/delete");
    CHECK(response.status == 303);
    REQUIRE(response.headers.find("Location") != nullptr);
    CHECK(*response.headers.find("Location") == "/admin");
    CHECK(site.ask("GET", "/admin").body == "<Admin>1:Ada:stays ");
    // A second click does no harm.
    CHECK(site.ask("POST", "/admin/messages/2/delete").status == 303);
    CHECK(site.store.total() == 1);
}

TEST_CASE("nothing is deleted by a GET, or without a number") {
    Site site;
    site.store.add("Ada", "", "stays");
    CHECK(site.ask("GET", "/admin/messages/1/delete").status == 405);
    CHECK(site.ask("POST", "/admin/messages/x/delete").status == 404);
    CHECK(site.ask("POST", "/admin/messages/-1/delete").status == 404);
    CHECK(site.store.total() == 1);
}

TEST_CASE("deleting waits for the disk, so an event loop leaves it to its workers") {
    Site site;
    Request request;
    request.method = "POST";
    request.path = "/admin/messages/1/delete";
    CHECK(site.router.needs_worker(request));
}

TEST_CASE("without the password a client can neither see nor delete anything") {
    Site site(basic_auth({"Guestbook", "ada", "secret"}));
    site.store.add("Ada", "", "a message");
    for (const char* authorization : {"", "Basic YWRhOndyb25n"}) {  // ada:wrong
        const auto page = site.ask("GET", "/admin", authorization);
        CHECK(page.status == 401);
        CHECK(page.body.find("a message") == std::string::npos);
        CHECK(site.ask("POST", "/admin/messages/1/delete", authorization).status == 401);
    }
    CHECK(site.store.total() == 1);
    CHECK(site.ask("GET", "/admin", "Basic YWRhOnNlY3JldA==").status == 200);  // ada:secret
    CHECK(site.ask("POST", "/admin/messages/1/delete", "Basic YWRhOnNlY3JldA==").status == 303);
    CHECK(site.store.total() == 0);
}
