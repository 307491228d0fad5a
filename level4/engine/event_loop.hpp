// The second engine: one thread serves hundreds or thousands of clients. It never waits for one of
// them; it asks the kernel which of them have something to read or room to write (a Poller), does
// that, and asks again. The conversations are the same as those that the threads have.
// Leaves out: how the kernel is asked (poller.hpp), and handlers that wait: those run in a
// WorkerPool.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../../common/clock.hpp"
#include "../../common/socket.hpp"
#include "engine/client.hpp"
#include "engine/mailbox.hpp"
#include "engine/poller.hpp"
#include "engine/timers.hpp"
#include "engine/worker_pool.hpp"
#include "log.hpp"
#include "server.hpp"

class EventLoop {
  public:
    // All that is given must outlive the loop. Throws std::runtime_error without a descriptor.
    EventLoop(const Socket& listener, const Program& program, AccessLog* log, WorkerPool& workers,
              std::string_view engine);

    // Serves until the program is asked to stop. True if nothing was left undone.
    bool run();

  private:
    void attempt(std::uint64_t id, const std::function<void()>& work);
    void handle(const Poller::Event& event);
    void handle_client(Client& client, bool gone);
    void run_tasks();
    void run_timers(Clock::time_point now);
    int time_to_next_timer() const;

    void accept_clients();
    void add_client(Socket socket);
    void listen_again();
    void begin_stop();
    Client* find(std::uint64_t id);
    void drop(Client& client);

    void read(Client& client);
    void advance(Client& client);
    Sent send(Client& client) const;
    void let_others_wake(Client& client);
    void run_in_worker(Client& client);
    void go_on(Client& client, Response response);
    void wait_no_longer(Client& client);

    void enter(Client& client, Client::State state);
    void watch(Client& client, Poller::Watch what);
    void set_timer(Client& client);
    void look_at(Client& client);
    void check_progress(Client& client);
    void go_on_with_goodbye(Client& client);

    const Socket& listener_;
    const Program& program_;
    AccessLog* log_;
    WorkerPool& workers_;
    std::unique_ptr<Poller> poller_;
    std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();

    std::unordered_map<std::uint64_t, Client> clients_;
    std::uint64_t next_id_;
    std::array<char, 65536>
        buffer_;  // one for all clients, because what is read is handed on at once
    Timers timers_;
    std::list<WorkerPool::Piece> jobs_;  // for the workers, from this turn
    Clock::time_point turn_ends_;
    Clock::time_point accept_again_ = Clock::time_point::max();  // see accept_clients()
    bool stopping_ = false;
    Clock::time_point stop_deadline_ = Clock::time_point::max();
};

// Several loops, each in a thread of its own, and the workers that they share.
class EventLoops {
  public:
    // Makes all loops and all threads, which do not serve before run(). `engine` is epoll or poll.
    // Throws std::runtime_error if the system has not enough descriptors or threads to give.
    EventLoops(const Socket& listener, std::size_t count, const Program& program, AccessLog* log,
               std::string_view engine);
    ~EventLoops();
    EventLoops(const EventLoops&) = delete;
    EventLoops& operator=(const EventLoops&) = delete;

    // Serves the listener's clients until the program is asked to stop. Then idle clients are let
    // go, and replies that are under way are finished within drain_time. What isn't finished by
    // then ends with the process.
    void run();

  private:
    void join();

    WorkerPool workers_;
    std::deque<EventLoop> loops_;
    std::promise<bool> begins_;  // true: serve; false: there is nothing to serve
    std::atomic<bool> all_done_{true};
    std::vector<std::thread> threads_;
};
