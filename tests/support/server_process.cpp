// Finding a free port, starting the server on it, and waiting until it accepts. Waiting means
// trying to connect until that works, the server dies, or the deadline passes.
#include "server_process.hpp"

#include <arpa/inet.h>
#include <locale.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>

#include "listener.hpp"
#include "settings.hpp"
#include "slowness.hpp"
#include "text.hpp"

namespace {

constexpr double start_patience = 20.0;     // an interpreter under a sanitizer takes its time
constexpr double elsewhere_patience = 8.0;  // what listens on another port by then won't on ours

sockaddr_in local_address(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<in_port_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Where the system tells who listens on a port, the server is not bothered with a connection: one
// that is closed without a word has hung many a server, and is a case of its own.
bool listens(int port) {
    if (const std::optional<bool> known = is_listened_on(port)) return *known;
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

// A locale of this machine, if possible one in which a number may be written with a comma.
std::string odd_locale() {
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "en_US.UTF-8", "C.UTF-8"}) {
        if (const locale_t found = newlocale(LC_ALL_MASK, name, nullptr)) {
            freelocale(found);
            return name;
        }
    }
    return "C";
}

// What every server is started with. The time zone is one in which no real clock runs, because a
// Date made of local time is right in London in winter. A case that sets one of them keeps its
// value.
std::vector<std::string> with_defaults(std::vector<std::string> environment, int port) {
    static const std::string locale = odd_locale();
    std::vector<std::string> all = {"PORT=" + std::to_string(port), "TZ=XXX-5:45",
                                    "LC_ALL=" + locale};
    if (!settings().public_folder.empty())
        all.push_back("PUBLIC=" + std::filesystem::absolute(settings().public_folder).string());
    for (const std::string& entry : all) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        const auto sets_it = [&](const std::string& own) { return own.starts_with(name); };
        if (std::none_of(environment.begin(), environment.end(), sets_it))
            environment.push_back(entry);
    }
    return environment;
}

std::string full_command(const Launch& launch, int port) {
    std::string command =
        with_port(launch.command.empty() ? settings().server : launch.command, port);
    return launch.before.empty() ? command : launch.before + " " + without_shell(command);
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
    : port_(launch.port != 0 ? launch.port : free_port()),
      process_(full_command(launch, port_), with_defaults(launch.environment, port_)) {
    const double end = now() + start_patience * slowness();
    double look_elsewhere = now() + elsewhere_patience * slowness();
    while (!listens(port_)) {
        std::string trouble;
        if (now() > look_elsewhere) {
            look_elsewhere = now() + 1;
            if (const std::optional<int> other = port_listened_on(process_.family()))
                trouble = "It listens on " + std::to_string(*other) + ", not on " +
                          std::to_string(port_) + ": use {port}";
        }
        if (!process_.running())
            trouble = "The server ended before it listened, with " + process_.how_it_ended();
        if (now() > end) trouble = "The server did not accept a connection for 20 s or more";
        if (!trouble.empty()) give_up(trouble, launch);
        poll(nullptr, 0, 2);
    }
    accepting_since_ = now();
    if (!is_listened_on(port_)) return;  // it can't be looked up
    const std::vector<pid_t> family = process_.family();
    const std::optional<pid_t> listener = process_that_listens(port_, family);
    if (!listener) give_up("Another program listens on this port", launch);
    // A program that goes to the background ends about when its descendant begins to listen.
    const bool in_front = *listener == family.front();
    if (process_.wait_for_end(in_front ? 0 : 0.3))
        give_up("The program that was started has ended, and left another one that listens",
                launch);
    listener_ = *listener;
}

void ServerProcess::give_up(const std::string& trouble, const Launch& launch) {
    const std::string printed = last_lines(process_.output(), 40);
    throw std::runtime_error(
        trouble + ".\nIt was started as: PORT=" + std::to_string(port_) + " " +
        full_command(launch, port_) +
        "\nIt printed: " + (printed.empty() ? "(nothing)" : "\n" + printed) +
        "\nHint: it must stay in the foreground, and listen on 127.0.0.1, on the port that "
        "{port} and the variable PORT name.");
}

void ServerProcess::signal(int number) {
    signals_.push_back(number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGKILL");
    send_signal(number);
}

void ServerProcess::hold() {
    send_signal(SIGSTOP);
}

void ServerProcess::let_go() {
    send_signal(SIGCONT);
}

void ServerProcess::send_signal(int number) {
    if (listener_ == 0)
        process_.signal(number);
    else if (process_.running())
        kill(listener_, number);
}

std::string ServerProcess::death() {
    // The kernel closes a dying program's connections a moment before it reports the death.
    return process_.wait_for_end(0.1) ? process_.how_it_ended() : "";
}

std::string ServerProcess::last_words() {
    const std::string words = last_lines(process_.output(), 12);
    if (!words.empty()) return "The last lines that it printed:\n" + words;
    return "It has printed nothing, or its output waits in a buffer (python3 -u, or flush it).";
}

std::string advice_on(const std::string& death) {
    if (!death.starts_with("signal " + std::to_string(SIGPIPE) + " ")) return "";
    return "it sent to a client that has gone: ignore SIGPIPE, or send with MSG_NOSIGNAL";
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

ServerProcess* running_shared_server() {
    return the_shared_server.get();
}

void stop_shared_server() {
    the_shared_server.reset();
}
