// /admin deletes messages and shows uploads, for clients that have the password (RFC 7617). The
// password comes from the environment, so these cases need our own program.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "text.hpp"

namespace {

const std::vector<std::string> password = {"ADMIN_USER=ada", "ADMIN_PASSWORD=secret:word"};
const std::string right = "Authorization: Basic YWRhOnNlY3JldDp3b3Jk";  // ada:secret:word

// Posts a message. Returns its id.
std::string posted(const std::string& name, ServerProcess& server) {
    Exchange reply = exchange(
        with_body("POST", "/api/messages", json_type, message_json(name, "to be deleted")), server);
    expect_status(reply, 201, {"a good message"});
    return parse_json(reply.reply.body).value_or(JsonValue{})["id"].text;
}

std::string deletion(const std::string& id, const std::vector<std::string>& fields) {
    return with_body("POST", "/admin/messages/" + id + "/delete", urlencoded_type, "", fields);
}

}  // namespace

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("without a password in the environment /admin is closed, and the server says so") {
    if (lacks_program()) return;
    DataFolder data;
    const std::vector<Launch> without = {
        data.launch("--quiet", {}, "unset ADMIN_USER ADMIN_PASSWORD;"),
        data.launch("--quiet", {"ADMIN_USER=ada"}, "unset ADMIN_PASSWORD;"),
        data.launch("--quiet", {"ADMIN_USER=", "ADMIN_PASSWORD="}),
        data.launch("--quiet", {"ADMIN_USER=ada", "ADMIN_PASSWORD="})};
    for (const Launch& launch : without) {
        ServerProcess server(launch);
        const std::string id = posted(unique(), server);
        for (const std::string& fields :
             {std::string("X-None: 1"), right, std::string("Authorization: Basic Og=="),
              std::string("Authorization: Basic YWRhOg==")}) {
            expect_status(exchange(get("/admin", {fields}), server), 403,
                          {"no password must not mean that every password is right"});
            expect_status(exchange(deletion(id, {fields}), server), 403, {"nor for deletions"});
        }
        expect_status(exchange(get("/api/messages/" + id), server), 200, {"nothing was deleted"});
        const std::string output = server.process().output();
        expect_that(contains(output, "ADMIN_PASSWORD"), "a line about ADMIN_PASSWORD", output,
                    {"otherwise the administrator can't tell why it is 403"});
    }
}

TEST_CASE("/admin asks for the password, and accepts only the right one") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet", password));
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"Authorization: Basic YWRhOndyb25n"},              // ada:wrong
        {"Authorization: Basic YWRhOnNlY3JldDp3b3JkcyA="},  // ada:secret:words
        {"Authorization: Basic YWRhOnNlY3JldA=="},          // ada:secret
        {"Authorization: Basic QWRhOnNlY3JldDp3b3Jk"},      // Ada:secret:word
        {"Authorization: Basic YWRh"},                      // ada
        {"Authorization: Basic Og=="},                      // :
        {"Authorization: Basic "},
        {"Authorization: Basic !!!"},
        {"Authorization: Basic YWRhOnNlY3JldDp3b3Jk!"},
        {"Authorization: Bearer YWRhOnNlY3JldDp3b3Jk"},
        {"Authorization: YWRhOnNlY3JldDp3b3Jk"}};
    for (const auto& fields : wrong) {
        for (const char* method : {"GET", "HEAD"}) {
            Exchange reply = exchange(request(method, "/admin", fields), server);
            expect_status(reply, 401, {"SHOULD RFC 9110 §15.5.2: these are not valid credentials"});
            const std::string challenge = reply.reply.value("WWW-Authenticate");
            expect(lower(challenge).starts_with("basic realm=\""), reply,
                   "WWW-Authenticate: Basic realm=\"...\"", challenge,
                   {"MUST RFC 7617 §2: this is what makes a browser ask for the password"});
        }
    }
    const std::string credentials = "YWRhOnNlY3JldDp3b3Jk";
    for (const char* scheme : {"Basic ", "basic ", "BASIC ", "Basic  "}) {
        Exchange reply =
            exchange(get("/admin", {"Authorization: " + (scheme + credentials)}), server);
        expect_status(
            reply, 200,
            {"MUST RFC 7617 §2: only the first colon divides; case does not matter in the "
             "scheme"});
    }
    Exchange two = exchange(get("/admin", {right, "Authorization: Basic Og=="}), server);
    expect_status(two, 401, {"there must be only one password"});
}

TEST_CASE("/admin shows messages as text, and the uploads") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet", password));
    const std::string name = unique("<b>\"Ada\"</b> &");
    posted(name, server);
    Exchange upload = exchange(with_body("POST", "/upload", multipart_type,
                                         multipart({{"file", "hello\n", "a.txt", "text/plain"}})),
                               server);
    expect_status(upload, 303, {"a text"});
    Exchange page = exchange(get("/admin", {right}), server);
    expect_status(page, 200, {"the right password"});
    expect_shown_as_text(page, name, {"a script that runs here has an administrator's rights"});
    expect_in_body(page, address_of_upload(upload, server), {"a link to each upload"});
}

TEST_CASE("only a client that has the password can delete a message") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet", password));
    const std::string id = posted(unique(), server);
    const std::string other = posted(unique(), server);
    const std::string address = "/api/messages/" + id;
    expect_status(exchange(deletion(id, {}), server), 401, {"all of /admin needs the password"});
    expect_status(exchange(deletion(id, {"Authorization: Basic YWRhOndyb25n"}), server), 401,
                  {"this is the wrong password"});
    expect_status(exchange(deletion(id, {right, "Sec-Fetch-Site: cross-site"}), server), 403,
                  {"a browser sends the password along, whatever page posts the form"});
    expect_status(
        exchange(get("/admin/messages/" + id + "/delete", {right}), server), {404, 405},
        {"SHOULD RFC 9110 §9.2.1: a link must not delete, because browsers fetch links in advance"});
    expect_status(exchange(get(address), server), 200, {"it is still there"});
    Exchange reply = exchange(deletion(id, {right, "Sec-Fetch-Site: same-origin"}), server);
    expect_status(reply, 303, {"SHOULD RFC 9110 §15.4.4: after a POST, see the list"});
    expect_field(reply, "Location", "/admin", {"back to the list"});
    expect_status(exchange(get(address), server), 404, {"it is gone"});
    expect_status(exchange(get("/api/messages/" + other), server), 200,
                  {"the other is still there"});
}

TEST_SUITE_END();
