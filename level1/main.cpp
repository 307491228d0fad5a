// Level 1: the smallest server that a browser believes. It reads a request up to its blank line,
// looks at nothing in it, and always sends the same reply.
// Leaves out: understanding the request (level 2), and a second client at the same time (level 2).
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "../common/clock.hpp"
#include "../common/output.hpp"
#include "../common/socket.hpp"
#include "../common/trace.hpp"

const std::string usage = "Usage: level1/server [PORT]   (9000 without one)";

// HTTP is text: a status line, header fields, a blank line, and the body (RFC 9112 §2.1). Every
// line ends in \r\n. Content-Length counts the bytes of the body, so the client knows its end.
const std::string body =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<title>Hello</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "</head>\n"
    "<body><main><h1>Hello, world!</h1></main></body>\n"
    "</html>\n";
const std::string reply =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: " +
    std::to_string(body.size()) +
    "\r\n"
    "Connection: close\r\n"
    "\r\n" +
    body;

void handle_client(const Socket& client) {
    // While we wait here every other client waits, so none gets more than ten seconds for its
    // request, and ten for its goodbye.
    constexpr std::chrono::seconds patience{10};
    const auto deadline = Clock::now() + patience;

    // TCP is a stream of bytes, not of messages: a request may arrive in pieces. We read before we
    // reply, up to the blank line that ends a request's head, but not much more than 8 KiB.
    std::string request;
    std::array<char, 1024> buffer{};
    while (request.find("\n\r\n") == std::string::npos &&  // what browsers send
           request.find("\n\n") == std::string::npos &&    // what you type into nc
           request.size() < 8192) {
        const auto [what, size] = receive(client, buffer, deadline);
        if (what != Received::bytes) return;
        request.append(buffer.data(), size);
    }
    send_all(client, reply);
    close_gently(client, patience);
}

int main(int argc, char** argv) try {
    open_standard_streams();
    const std::string argument = argc > 1 ? argv[1] : "9000";
    if (argument == "-h" || argument == "--help") {
        std::cout << usage << '\n';
        return 0;
    }
    const int port = std::atoi(argument.c_str());
    if (port < 1 || port > 65535 || std::to_string(port) != argument || argc > 2) {
        std::cerr << usage << '\n';
        return 2;
    }
    handle_signals();
    const Socket listener = listen_on("127.0.0.1", port, argv[0]);
    std::cout << "Level 1 is listening on http://localhost:" << port << "  (Ctrl-C stops it)\n"
              << "Try: curl -v http://localhost:" << port << "/" << std::endl;
    while (const Socket client = accept_client(listener)) {
        handle_client(client);
        trace(client.number(), '*', "closed");  // by ~Socket, at the end of this block
    }
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
