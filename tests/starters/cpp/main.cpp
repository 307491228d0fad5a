// A server of your own, to be built up stage by stage: TODO.md has the stages, and `make next` says
// what comes next. So far every client gets the same page, whatever it asks for.
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "common/clock.hpp"
#include "common/socket.hpp"

const std::string page = "<h1>Hello, world!</h1>";

void handle_client(const Socket& client) {
    std::array<char, 1024> buffer{};
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    receive(client, buffer, deadline);  // is that all of the request?
    send_all(client, "HTTP/1.1 200 OK\r\n"
                     "Content-Length: " + std::to_string(page.size()) + "\r\n"
                     "Connection: close\r\n"
                     "\r\n" + page);
    close_gently(client);
}

int main(int argc, char** argv) try {
    const int port = argc > 1 ? std::atoi(argv[1]) : 9000;
    const Socket listener = listen_on("127.0.0.1", port, argv[0]);
    std::cout << "Listening on http://localhost:" << port << std::endl;
    while (const Socket client = accept_client(listener)) handle_client(client);
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
