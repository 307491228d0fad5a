// What keeps other sites from using this server through a visitor's browser: the policy that goes
// with every reply, and the names that a server on this machine goes by.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "data_folder.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "live.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

const std::vector<std::string> foreign = {"evil.example",           "evil.example:9000",
                                          "localhost.evil.example", "127.0.0.1.evil.example",
                                          "evillocalhost",          "10.0.0.1"};

// The request with this Host in place of the one that all others have.
std::string under(const std::string& host, std::string bytes) {
    const std::size_t begin = bytes.find("Host: ");
    return bytes.replace(begin, bytes.find("\r\n", begin) - begin, "Host: " + host);
}

std::string api_message() {
    return with_body("POST", "/api/messages", json_type, message_json(unique(), "hello"));
}

// This machine's address, as the kernel would choose it to reach another one. (To connect a UDP
// socket sends nothing.) Empty without a network.
std::string address_in_network() {
    const int udp = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    inet_pton(AF_INET, "198.51.100.1", &address.sin_addr);
    socklen_t size = sizeof address;
    const bool found = connect(udp, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       getsockname(udp, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(udp);
    char text[INET_ADDRSTRLEN] = "";
    return found ? inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) : "";
}

std::string handshake() {
    return get("/ws/chat",
               {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="});
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 8 around the handlers");

TEST_CASE("every reply has a policy that keeps it out of the frames of other sites") {
    const std::string requests[] = {
        get("/"),        get("/contact"),      get("/static/style.css"),
        get("/nowhere"), get("/api/messages"), get("/api/nothing"),
        contact({""}),   contact({"Ada"}),     contact({"Ada"}, {"Sec-Fetch-Site: cross-site"}),
        get("/files"),   request("PUT", "/"),  request("HEAD", "/contact")};
    for (const std::string& bytes : requests) {
        Exchange reply = exchange(bytes);
        const std::string policy = reply.reply.value("Content-Security-Policy");
        expect(contains(policy, "default-src 'self'") && contains(policy, "frame-ancestors 'none'"),
               reply, "default-src 'self' and frame-ancestors 'none'", policy,
               {"a page of another site that shows ours in a frame can steal a click",
                "set it around all other layers, so that errors have it as well"});
        expect_field(reply, "Referrer-Policy", "same-origin",
                     {"other sites need not know which page of ours a visitor came from"});
    }
}

TEST_CASE("a server on this machine is not used under the name of another site") {
    const Reason misdirected = {
        "DNS rebinding: any page can have its own name point to 127.0.0.1",
        "421 for unsafe methods, the API, /admin and WebSockets, before anything else is looked at"};
    for (const std::string& host : foreign)
        for (const std::string& bytes :
             {contact({"Ada"}), api_message(), get("/api/messages"), get("/api/messages/events"),
              get("/api/nothing"), get("/admin"), request("DELETE", "/api/messages/1"),
              handshake()})
            expect_status(exchange(under(host, bytes)), 421, misdirected);
    expect_status(exchange(under("evil.example", contact({"Ada"}, {"Sec-Fetch-Site: cross-site"}))),
                  421, {"the wrong host is said before the wrong page"});
    expect_json(exchange(under("evil.example", get("/api/messages"))),
                {"an error of the API is JSON"});
}

TEST_CASE("a server on this machine is used under all of this machine's own names") {
    for (const char* host : {"localhost", "LOCALHOST.:9000", "app.localhost", "127.0.0.1",
                             "127.8.9.10:1", "[::1]:9000"}) {
        expect_status(exchange(under(host, contact({"Ada"}))), 303,
                      {"this name is our own", "", host});
        expect_status(exchange(under(host, get("/api/messages"))), 200,
                      {"so is it here", "", host});
    }
    expect_status(exchange(under("evil.example", get("/messages"))), 200,
                  {"a page for everybody may be read under any name"});
    expect_status(exchange("GET /api/messages HTTP/1.0\r\n\r\n"), 200,
                  {"HTTP/1.0 may do without a Host, and no browser speaks it"});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("level4 / program");

TEST_CASE("--allow-host names another host, and a refusal names the flag") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(
        data.launch("--quiet --allow-host Example.com --allow-host=other.example"));
    for (const char* host : {"example.com", "EXAMPLE.COM:8443", "other.example.", "localhost"})
        expect_status(exchange(under(host, contact({"Ada"})), server), 303,
                      {"it was allowed on the command line", "", host});
    Exchange page = exchange(under("evil.example:80", contact({"Ada"})), server);
    expect_status(page, 421, {"this one was not"});
    expect_in_body(page, "--allow-host evil.example",
                   {"the owner of the server must find the flag"});
    Exchange api = exchange(under("www.example.com", get("/api/messages")), server);
    expect_status(api, 421, {"a name does not stand for those below it"});
    expect_in_body(api, "--allow-host www.example.com", {"the API says it as well"});
    server.signal(SIGTERM);  // by its end it has printed everything
    server.process().wait_for_end(patience);
    const std::string output = server.process().output();
    for (const char* name : {"--allow-host evil.example\n", "--allow-host www.example.com\n"})
        expect_that(contains(output, name), "a line that names the flag", output,
                    {"the owner looks at the console first"});
}

TEST_CASE("a preflight for another host is refused as well") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --cors-origin https://example.com"));
    const std::string preflight =
        request("OPTIONS", "/api/messages",
                {"Origin: https://example.com", "Access-Control-Request-Method: POST"});
    expect_status(exchange(Script(preflight), server), 204, {"this one is for us"});
    expect_status(exchange(under("evil.example", preflight), server), 421,
                  {"everything under /api wants a host that is ours, whatever the method"});
}

TEST_CASE("a server that other machines can reach goes by any name") {
    if (lacks_program()) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --host 0.0.0.0"));
    expect_status(exchange(under("any.example", contact({"Ada"})), server), 303,
                  {"which names it has is for its owner to choose"});
}

TEST_CASE("a server that other machines can reach names the addresses of this one") {
    if (lacks_program()) return;
    const std::string address = address_in_network();
    if (address.empty() && skip("this machine is in no network")) return;
    DataFolder data;
    ServerProcess server(data.launch("--quiet --host 0.0.0.0"));
    server.signal(SIGTERM);
    server.process().wait_for_end(patience);
    expect_that(contains(server.process().output(), "  http://" + address + ":"),
                "a line with http://" + address, server.process().output(),
                {"a telephone on the same network has to be told where to go"});
}

TEST_CASE("a host to allow that no Host field can have is bad usage") {
    if (lacks_program()) return;
    DataFolder data;
    for (const char* argument : {"--allow-host", "--allow-host ''",
                                 "--allow-host https://a.example", "--allow-host a.example:80",
                                 "--allow-host '*.example'", "--host 0.0.0.0 --allow-host a/b"}) {
        Process process(program_line("--port " + std::to_string(free_port()) + " --data '" +
                                     data.path().string() + "' " + argument),
                        {});
        const bool ended = process.wait_for_end(patience);
        expect_that(ended && process.exit_code() == 2 && contains(lower(process.output()), "usage"),
                    "exit code 2 and the usage", process.how_it_ended() + ": " + process.output(),
                    {"a mistyped name would be found out only by visitors", argument});
    }
}

TEST_SUITE_END();
