// A thread for each client. The sockets are here: a Connection never touches one.
// Threads are used again: the one whose client has left serves the next. All free threads wait at
// the door, one behind the other, and the first one of them waits in accept_client(). There is
// always one more thread than there are clients, up to the limit; past it nobody stands at the door
// and new clients wait in the kernel's backlog.
#include "server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "../common/socket.hpp"
#include "connection.hpp"
#include "engine/event_loop.hpp"
#include "log.hpp"

namespace {

// Like send_all(), but for a part of a file. The kernel copies it straight to the socket: that
// halves what a large file costs. False also if the file has become shorter than we have promised.
bool send_file(const Socket& client, FileSlice slice) {
    std::array<char, 16384> buffer;
    while (slice.length > 0 && tracing()) {  // shows every byte, so every byte has to come by here
        const ssize_t count = pread(slice.file->descriptor(), buffer.data(),
                                    std::min<std::uint64_t>(buffer.size(), slice.length),
                                    static_cast<off_t>(slice.offset));
        if (count <= 0 || !send_all(client, {buffer.data(), static_cast<std::size_t>(count)})) {
            return false;
        }
        slice.offset += static_cast<std::uint64_t>(count);
        slice.length -= static_cast<std::uint64_t>(count);
    }
    while (slice.length > 0) {
        auto position = static_cast<off_t>(slice.offset);
        const ssize_t count =
            sendfile(client.descriptor(), slice.file->descriptor(), &position, slice.length);
        if (count > 0) {
            slice.offset += static_cast<std::uint64_t>(count);
            slice.length -= static_cast<std::uint64_t>(count);
        } else if (count == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

// A protocol that has taken a connection over speaks by itself. So its thread waits for two things:
// the client, and another thread that has left something for it to send.
class Waker {
  public:
    Waker() {
        int ends[2] = {-1, -1};
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
            throw std::runtime_error("out of descriptors");
        read_end_ = std::make_unique<Socket>(ends[0]);
        write_end_ = std::make_unique<Socket>(ends[1]);
    }
    void wake() const {
        // A full pipe will wake the thread as well as another byte in it would.
        [[maybe_unused]] const auto count = write(write_end_->descriptor(), "x", 1);
    }
    // True when there is something to receive or the deadline has passed; false after a wake(), and
    // now and then, for a look at whether the program is to stop.
    bool wait(const Socket& client, Clock::time_point deadline) const {
        pollfd watched[2] = {{client.descriptor(), POLLIN, 0},
                             {read_end_->descriptor(), POLLIN, 0}};
        poll(watched, 2, 250);
        char bytes[64];
        while (read(read_end_->descriptor(), bytes, sizeof bytes) > 0) {
        }
        return watched[0].revents != 0 || Clock::now() >= deadline;
    }

  private:
    std::unique_ptr<Socket> read_end_;
    std::unique_ptr<Socket> write_end_;
};

class Server {
  public:
    Server(const Options& options, const Handler& handler, const Limits& limits)
        : handler_(handler),
          limits_(limits),
          log_(options.quiet ? nullptr : std::make_unique<AccessLog>()),
          listener_(listen_on(options.host, options.port, options.program)) {}

    void run();
    void run_loops(std::size_t loops, const BlockingTest& is_blocking);

  private:
    void add_thread();
    void serve_clients();
    void handle_client(const Socket& client);

    const Handler& handler_;
    Limits limits_;
    std::unique_ptr<AccessLog> log_;
    Socket listener_;

    std::mutex door_;           // whoever holds it waits for the next client
    std::mutex threads_mutex_;  // guards the three below
    std::vector<std::thread> threads_;
    std::size_t free_threads_ = 0;
    std::size_t ended_threads_ = 0;
    std::condition_variable thread_ended_;
};

void Server::run() {
    {
        const std::lock_guard lock(threads_mutex_);
        add_thread();
    }
    wait_for_stop();

    std::unique_lock lock(threads_mutex_);
    const bool all_ended = thread_ended_.wait_for(
        lock, std::chrono::seconds(5), [this] { return ended_threads_ == threads_.size(); });
    lock.unlock();
    if (!all_ended) {
        // A thread can't be ended from outside, so what is still running ends with the process.
        if (log_) log_->flush();
        std::_Exit(0);
    }
    for (auto& thread : threads_) thread.join();
}

void Server::run_loops(std::size_t loops, const BlockingTest& is_blocking) {
    run_event_loops(listener_, loops, handler_, is_blocking, limits_, log_.get());
}

// Called with threads_mutex_ held.
void Server::add_thread() {
    try {
        threads_.emplace_back([this] { serve_clients(); });
        ++free_threads_;
    } catch (const std::system_error& error) {
        // The machine has no more threads to give. Clients wait until one of ours is free again.
        if (threads_.empty()) throw;
    }
}

// What each thread does: client after client, until the program is asked to stop.
void Server::serve_clients() {
    for (;;) {
        std::unique_lock door(door_);
        const Socket client = accept_client(listener_);
        // From now on new clients are refused, not left waiting. The threads behind us find the
        // listener closed: accept() fails, and accept_client() sees that the program is to stop.
        if (!client) listener_.close();
        door.unlock();

        std::unique_lock lock(threads_mutex_);
        if (!client) {
            ++ended_threads_;
            thread_ended_.notify_one();
            return;
        }
        --free_threads_;
        if (free_threads_ == 0 && threads_.size() < limits_.clients) add_thread();
        lock.unlock();

        try {
            handle_client(client);
        } catch (const std::exception& error) {
            std::cerr << "A client was dropped: " << error.what() << std::endl;
        }
        lock.lock();
        ++free_threads_;
    }
}

// One client from its first byte to its last. All that is said, and when, is the Connection's
// business; all that happens here is reading, writing and waiting.
void Server::handle_client(const Socket& client) {
    std::optional<Waker> waker;  // outlives the connection, which may be woken until its end
    Connection connection(handler_, limits_, log_.get(), peer_address(client));
    std::array<char, 16384> buffer;
    for (;;) {
        // Only a connection that was taken over needs the second thing to wait for: two
        // descriptors a client.
        if (connection.upgraded() && !waker) {
            waker.emplace();
            connection.on_wake([&waker] { waker->wake(); });
        }
        const std::string output = connection.take_output();
        if (!send_all(client, output)) return;
        const auto file = connection.take_file();
        if (file && !send_file(client, *file)) return;
        if (connection.dropped()) return;
        if (!output.empty()) continue;
        if (connection.finished()) return close_gently(client);

        if (stop_requested()) connection.stop();
        if (waker && !waker->wait(client, connection.deadline())) continue;
        const auto [what, size] =
            receive(client, buffer.data(), buffer.size(), connection.deadline());
        switch (what) {
            case Received::bytes: connection.receive({buffer.data(), size}); break;
            case Received::end: connection.end_of_input(); break;
            case Received::timed_out: connection.time_out(); break;
            case Received::stopping: break;  // once more round the loop, to say so
        }
    }
}

}  // namespace

void serve(const Options& options, const Handler& handler, std::string_view name,
           const std::vector<std::string>& addresses_to_try, const Limits& limits,
           const BlockingTest& is_blocking) {
    handle_signals();
    Server server(options, handler, limits);
    const bool local = options.host == "127.0.0.1" || options.host == "0.0.0.0";
    const bool ipv6 = options.host.find(':') != std::string::npos;
    const std::string host = local ? "localhost" : ipv6 ? "[" + options.host + "]" : options.host;
    const std::string site = "http://" + host + ":" + std::to_string(options.port);
    std::cout << name << " is listening on " << site << "  (Ctrl-C stops it)\n";
    for (const auto& address : addresses_to_try) std::cout << "  " << site << address << '\n';
    std::cout << std::flush;
    if (options.engine == "epoll") return server.run_loops(options.threads, is_blocking);
    server.run();
}
