// The names that a server on the loopback goes by, and what is refused under another one.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "middleware/allowed_hosts.hpp"
#include "warnings.hpp"

namespace {

Request asking(const std::string& host, const std::string& method = "POST",
               const std::string& path = "/contact") {
    Request request;
    request.method = method;
    request.path = path;
    request.headers.add("Host", host);
    return request;
}

Response reply_to(Request request, const std::vector<std::string>& names = {}) {
    bool reached = false;
    const Handler app = wrap({allowed_hosts(names)}, [&](Request&) {
        reached = true;
        return Response::text("done");
    });
    Response response = app(request);
    CHECK(reached == (response.status == 200));
    return response;
}

int status_of(const std::string& host, const std::vector<std::string>& names = {}) {
    const Warnings warnings;
    return reply_to(asking(host), names).status;
}

int status_of_path(const std::string& method, const std::string& path) {
    const Warnings warnings;
    return reply_to(asking("evil.example", method, path)).status;
}

}  // namespace

TEST_CASE("localhost, names that end in .localhost and loopback addresses are this server") {
    for (const char* host :
         {"localhost", "localhost:9000", "LocalHost", "localhost.", "localhost.:80",
          "app.localhost", "a.b.LOCALHOST.:9000", "127.0.0.1", "127.0.0.1:9000", "127.255.1.2",
          "[::1]", "[::1]:9000", "[0:0:0:0:0:0:0:1]", "127.1",
          "localhost:", "[::ffff:127.0.0.1]:9000", "[::FFFF:7f00:1]"}) {
        CAPTURE(std::string(host));
        CHECK(status_of(host) == 200);
    }
}

TEST_CASE("any other host is misdirected") {
    for (const char* host : {"evil.example",
                             "evil.example:9000",
                             "localhost.evil.example",
                             "app.localhost.evil.example",
                             "evil-localhost",
                             "notlocalhost",
                             "localhost..",
                             "127.0.0.1.evil.example",
                             "128.0.0.1",
                             "1.127.0.0",
                             "0.0.0.0",
                             "0",
                             "10.0.0.1",
                             "[::]",
                             "[::2]",
                             "[::ffff:10.0.0.1]",
                             "[::127.0.0.1]",
                             "[fe80::1]",
                             "[v7.x]",
                             "",
                             ":9000",
                             ".",
                             "local%68ost",
                             "127.0.0.1%2eevil.example",
                             "localhost,evil.example"}) {
        CAPTURE(host);
        CHECK(status_of(host) == 421);
    }
}

TEST_CASE("a name that was allowed is this server, in any case and with any port") {
    const std::vector<std::string> names{"Example.com", "www.example.org.", "[2001:DB8::0:1]",
                                         "192.0.2.1"};
    for (const char* host : {"example.com", "EXAMPLE.COM:80", "example.com.", "www.example.org",
                             "[2001:db8::1]:9000", "192.0.2.1:8080", "localhost"}) {
        CAPTURE(std::string(host));
        CHECK(status_of(host, names) == 200);
    }
    for (const char* host :
         {"www.example.com", "example.com.evil.example", "xexample.com", "2.example.org"}) {
        CAPTURE(std::string(host));
        CHECK(status_of(host, names) == 421);
    }
}

TEST_CASE(
    "only what changes something, the API, the admin's pages, the wire and sockets are guarded") {
    for (const char* path :
         {"/", "/messages", "/apiary", "/administration", "/wired", "/static/api"}) {
        CAPTURE(std::string(path));
        for (const char* method : {"GET", "HEAD", "OPTIONS"})
            CHECK(status_of_path(method, path) == 200);
        for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "PURGE", "get"})
            CHECK(status_of_path(method, path) == 421);
    }
    for (const char* path :
         {"/api", "/api/", "/api/messages", "/api/messages/events", "/api/none", "/admin",
          "/admin/", "/admin/messages/1/delete", "/wire", "/wire/events"}) {
        CAPTURE(std::string(path));
        for (const char* method : {"GET", "HEAD", "OPTIONS", "POST"})
            CHECK(status_of_path(method, path) == 421);
    }
    const Warnings warnings;
    Request handshake = asking("evil.example", "GET", "/ws/chat");
    handshake.headers.add("Upgrade", "h2c, WebSocket");
    CHECK(reply_to(handshake).status == 421);
}

TEST_CASE("a request without a Host passes, because no browser sends one") {
    Request request;
    request.method = "POST";
    request.version = "HTTP/1.0";
    CHECK(reply_to(request).status == 200);
}

TEST_CASE("a refusal names the flag to the client and on standard error, on one line") {
    const Warnings warnings;
    const Response response = reply_to(asking("example.com:8080"));
    CHECK(response.status == 421);
    CHECK(response.problem.ends_with("--allow-host example.com"));
    CHECK(warnings.mention("--allow-host example.com\n"));
}

TEST_CASE("a name to be allowed is one that a Host field can have, without its port") {
    for (const char* name : {"example.com", "example.com.", "a", "my_box", "10.0.0.1", "[::1]"}) {
        CAPTURE(std::string(name));
        CHECK(is_host_name(name));
    }
    for (const char* name :
         {"", ".", "example.com:80", "example.com:", "https://example.com", "example.com/", "*",
          "*.example.com", "a b", "::1", "[::1", "[::1]:80", "a@b",
          "b\xC3\xBC"
          "cher.example",
          "a,b?"}) {
        CAPTURE(std::string(name));
        CHECK_FALSE(is_host_name(name));
        CHECK_THROWS_AS(allowed_hosts({name}), std::invalid_argument);
    }
}

TEST_CASE("a server listens on the loopback if its address says so") {
    for (const char* address :
         {"127.0.0.1", "127.0.0.2", "127.1", "localhost", "::1", "LOCALHOST", "0:0:0:0:0:0:0:1"}) {
        CAPTURE(std::string(address));
        CHECK(is_loopback_host(address));
    }
    for (const char* address : {"0.0.0.0", "::", "192.168.1.2", "", "example.com", "127"}) {
        CAPTURE(std::string(address));
        CHECK_FALSE(is_loopback_host(address));
    }
}
