// Level 1's loop, with a thread for each client. The sockets are here: a Connection never touches
// one.
#include "server.hpp"

#include <pthread.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "../common/address.hpp"
#include "../common/output.hpp"
#include "../common/socket.hpp"
#include "../common/system.hpp"
#include "../common/trace.hpp"
#include "connection.hpp"
#include "log.hpp"
#include "outgoing.hpp"

namespace {

// Sends all of it. False if the client has gone, or takes fewer than `slowest` bytes in the time
// for which a socket waits for room (send_stall). What counts is what the client has taken: the
// kernel takes megabytes at once, and then nothing for minutes if the client is slow.
bool send_whole(const Socket& client, Outgoing outgoing, std::uint64_t slowest) {
    for (;;) {
        const std::uint64_t untaken = outgoing.left() + unsent_bytes(client);
        const Sent sent = outgoing.send_to(client);
        if (sent != Sent::some) return sent == Sent::all;
        const std::uint64_t still_untaken = outgoing.left() + unsent_bytes(client);
        if (untaken < still_untaken + slowest) return false;
    }
}

class Server {
  public:
    Server(const Options& options, const Program& program)
        : program_(program),
          log_(options.quiet ? nullptr : std::make_unique<AccessLog>()),
          listener_(listen_on(options.host, options.port, options.program)) {}

    void run();

  private:
    bool wait_for_room();
    void start_thread(Socket client);
    void serve_client(Socket& client);
    void handle_client(const Socket& client);

    const Program& program_;
    std::unique_ptr<AccessLog> log_;
    Socket listener_;

    std::mutex mutex_;  // guards clients_
    std::size_t clients_ = 0;
    std::condition_variable client_left_;
};

void Server::run() {
    while (wait_for_room()) {
        try {
            Socket client = accept_client(listener_);
            if (!client) break;
            start_thread(std::move(client));
        } catch (const std::exception& error) {  // out of memory, most likely
            print_error("A client was dropped", error.what());
        }
    }
    listener_.close();  // from now on new clients are refused, not left waiting

    std::unique_lock lock(mutex_);
    if (clients_ > 0) print(stopping_line);
    if (client_left_.wait_for(lock, drain_time, [this] { return clients_ == 0; })) return;
    // A thread can't be ended from outside, so what still runs ends with the process.
    std::_Exit(0);
}

// Past the limit new clients wait in the kernel's backlog. False if the program is to stop.
bool Server::wait_for_room() {
    std::unique_lock lock(mutex_);
    const auto has_room = [this] { return clients_ < program_.limits.clients; };
    while (!client_left_.wait_for(lock, accept_pause, has_room)) {
        if (stop_requested()) return false;
    }
    return true;
}

// Counted, because nothing else would tell when the last thread has ended. If the machine has no
// thread to give, the client waits until it has.
void Server::start_thread(Socket client) {
    // Shared with the thread, because std::thread may throw, and a client that was moved into it
    // would be lost.
    const auto shared = std::make_shared<Socket>(std::move(client));
    {
        const std::lock_guard lock(mutex_);
        ++clients_;
    }
    for (;;) {
        try {
            return std::thread([this, shared] { serve_client(*shared); }).detach();
        } catch (const std::exception&) {  // the system's limit on threads, most likely
            std::unique_lock lock(mutex_);
            client_left_.wait_for(lock, accept_pause);
        }
    }
}

// What each thread does.
void Server::serve_client(Socket& client) {
    try {
        handle_client(client);
    } catch (const std::exception& error) {
        print_error("A client was dropped", error.what());
    }
    trace(client.number(), '*', "closed");
    client.close();
    const std::lock_guard lock(mutex_);
    --clients_;
    client_left_.notify_one();
}

// One client from its first byte to its last. What is said, and when, is the Connection's business;
// all that happens here is reading, writing and waiting. Output is asked for before input, because
// that is how a Connection says whether it still has something to send or wants to read.
void Server::handle_client(const Socket& client) {
    Connection conversation(program_.handler, program_.limits, log_.get(), client.peer);
    std::array<char, 4096> buffer;  // small, because each page of a fresh stack costs a page fault
    for (;;) {
        std::string output = conversation.take_output();
        if (!output.empty()) {
            Outgoing outgoing(std::move(output), conversation.take_file());
            if (!send_whole(client, std::move(outgoing), program_.limits.slowest_bytes)) return;
            continue;
        }
        if (conversation.ended_by_client() && may_just_close(client)) return;
        if (conversation.finished()) return close_gently(client);

        if (stop_requested()) conversation.stop();
        const auto [what, size] = receive(client, buffer, conversation.deadline());
        switch (what) {
            case Received::bytes: conversation.feed({buffer.data(), size}); break;
            case Received::end: conversation.end_of_input(); break;
            case Received::timed_out: conversation.time_out(); break;
            case Received::stopping: break;  // once more round the loop, to say so
        }
    }
}

// With the usual stack of 8 MiB a short conversation costs a third more (52 us, not 39).
// std::thread takes no size, but this GNU extension sets it for all threads. Builds with sanitizers
// need more, and keep the default.
void use_small_stacks() {
#if defined(__linux__) && !defined(SANITIZED)
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_setattr_default_np(&attributes);
#endif
}

// The start line, and a few addresses to try.
void announce(const Options& options, const Program& program) {
    const bool local = options.host == "127.0.0.1" || is_every_address(options.host);
    const bool ipv6 = options.host.find(':') != std::string::npos;
    const std::string host = local ? "localhost" : ipv6 ? "[" + options.host + "]" : options.host;
    const std::string site = "http://" + host + ":" + std::to_string(options.port);
    std::cout << program.name << " is listening on " << site << "  (Ctrl-C stops it)\n";
    for (const auto& address : program.addresses) std::cout << "  " << site << address << '\n';
    if (!is_only_this_machine(options.host)) {
        std::cout << "  Every machine in the network can connect.\n";
    }
    std::cout << std::flush;
}

}  // namespace

void serve(const Options& options, const Program& program) {
    handle_signals();
    use_small_stacks();
    Server server(options, program);
    announce(options, program);
    server.run();
}
