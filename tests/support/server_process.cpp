// Finding a free port, starting the server on it, and waiting until it accepts. Waiting means
// trying to connect until that works, the server dies, or the deadline passes.
#include "server_process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <stdexcept>

#include "settings.hpp"

namespace {

constexpr double start_patience = 20.0;  // an interpreter under a sanitizer takes its time

sockaddr_in local_address(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<in_port_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool accepts(int port) {
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = local_address(port);
    bool connected = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    return connected;
}

bool is_free(int port) {
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address = local_address(port);
    bool bound = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    return bound;
}

// A case that sets PORT itself keeps its value.
std::vector<std::string> with_port_variable(std::vector<std::string> environment, int port) {
    for (const std::string& entry : environment)
        if (entry.starts_with("PORT=")) return environment;
    environment.push_back("PORT=" + std::to_string(port));
    return environment;
}

std::string full_command(const Launch& launch, int port) {
    std::string command =
        with_port(launch.command.empty() ? settings().server : launch.command, port);
    return launch.before.empty() ? command : launch.before + " exec " + command;
}

std::unique_ptr<ServerProcess> the_shared_server;
std::string start_failure;  // why it did not start; further cases fail with this, without waiting

}  // namespace

int free_port() {
    // Below 32768, where kernels begin to take the ports of clients. So our own connections can't
    // be in the way, and a client can't connect to itself.
    static std::mt19937 random{std::random_device{}()};
    std::uniform_int_distribution<int> any(10'000, 32'000);
    for (int attempt = 0; attempt < 1000; ++attempt) {
        int port = any(random);
        if (is_free(port)) return port;
    }
    throw std::runtime_error("found no free port");
}

std::string with_port(std::string command, int port) {
    static const std::string mark = "{port}";
    for (std::size_t at; (at = command.find(mark)) != std::string::npos;)
        command.replace(at, mark.size(), std::to_string(port));
    return command;
}

ServerProcess::ServerProcess(const Launch& launch)
    : port_(free_port()),
      process_(full_command(launch, port_), with_port_variable(launch.environment, port_)) {
    const double end = now() + start_patience;
    while (!accepts(port_)) {
        std::string trouble;
        if (!process_.running())
            trouble = "ended before it listened, with " + process_.how_it_ended();
        if (now() > end) trouble = "did not accept a connection within 20 s";
        if (!trouble.empty()) {
            const std::string printed = process_.output();
            throw std::runtime_error(
                "The server " + trouble + " (port " + std::to_string(port_) +
                ").\nIt was started as: " + full_command(launch, port_) +
                "\nIt printed: " + (printed.empty() ? "(nothing)" : "\n" + printed) +
                "\nHint: it must stay in the foreground, and listen on 127.0.0.1, on the port that "
                "{port} and the variable PORT name.");
        }
        poll(nullptr, 0, 2);
    }
}

std::string ServerProcess::death() {
    // The kernel closes a dying program's connections a moment before it reports the death.
    return process_.wait_for_end(0.1) ? process_.how_it_ended() : "";
}

ServerProcess& shared_server() {
    if (!start_failure.empty()) throw std::runtime_error(start_failure);
    if (the_shared_server && the_shared_server->process().running()) return *the_shared_server;
    try {
        the_shared_server.reset();
        the_shared_server = std::make_unique<ServerProcess>();
    } catch (const std::runtime_error& error) {
        start_failure = error.what();
        throw;
    }
    return *the_shared_server;
}

void stop_shared_server() {
    the_shared_server.reset();
}
