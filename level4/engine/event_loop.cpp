// See event_loop.hpp. Read run() first, then advance(), then enter(): that is the whole engine.
// This file has the loop and its clients; client_steps.cpp has what is done for one client.
#include "engine/event_loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include "../../common/output.hpp"
#include "../../common/trace.hpp"
#include "engine/start_thread.hpp"

namespace {

// Workers wait far more than they work, and those that wait for the disk at the same time share one
// sync_content() (app/message_log.cpp). So there are more of them than processors.
constexpr std::size_t worker_threads = 16;

// How long one client's pipelined requests are answered before it is the next client's turn.
constexpr std::chrono::milliseconds turn{2};

// What an event is about; clients count from first_client on.
constexpr std::uint64_t listener_id = 0, mailbox_id = 1, stop_id = 2, first_client = 3;

// Freed memory that the loops keep for the next body, together: as much as all bodies usually have
// (BodyBudget). On its own, glibc keeps 2 MiB for bodies of 1 MiB, and gives the rest back to the
// kernel. Each of its pages then comes back by way of a page fault, and 64 clients' uploads of 1 MiB
// took 3.1 ms of processor time each. Now it is 0.4 to 0.8, or 0.25 with 8 clients. Each arena
// (what glibc allocates from) keeps as much for itself, so there is one for each loop: with one for
// each worker as well, long lists that aren't read took 150 MiB instead of 90.
void keep_freed_memory([[maybe_unused]] std::size_t loops) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, static_cast<int>(loops));
    mallopt(M_TRIM_THRESHOLD, static_cast<int>((64 << 20) / loops));
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that there is; larger blocks are given back
#endif
}

void wait_for_stop() {
    pollfd stop{stop_descriptor(), POLLIN, 0};
    while (poll(&stop, 1, -1) < 0) {  // a signal that is no reason to stop, such as SIGWINCH
    }
}

}  // namespace

EventLoop::EventLoop(const Socket& listener, const Program& program, AccessLog* log,
                     WorkerPool& workers, std::string_view engine)
    : listener_(listener),
      program_(program),
      log_(log),
      workers_(workers),
      poller_(make_poller(engine)),
      next_id_(first_client) {
    if (!poller_->add(listener_.number(), Poller::Watch::clients, listener_id) ||
        !poller_->add(mailbox_->descriptor(), Poller::Watch::input, mailbox_id) ||
        !poller_->add(stop_descriptor(), Poller::Watch::input, stop_id)) {
        throw std::runtime_error("Cannot set up an event loop");
    }
}

bool EventLoop::run() {
    while (!stopping_ || (!clients_.empty() && Clock::now() < stop_deadline_)) {
        const auto events = poller_->wait(time_to_next_timer());
        turn_ends_ = Clock::now() + turn;
        for (const auto& event : events) attempt(event.id, [&] { handle(event); });
        run_timers(Clock::now());
        // The workers are woken once for all that there is to do, and not once for each request.
        if (!jobs_.empty()) workers_.submit(std::exchange(jobs_, {}));
    }
    return clients_.empty();
}

// Whatever goes wrong for one client, the others don't notice.
void EventLoop::attempt(std::uint64_t id, const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {  // out of memory, most likely
        print_error("A client was dropped", error.what());
        if (Client* const client = find(id)) drop(*client);
    }
}

void EventLoop::handle(const Poller::Event& event) {
    if (event.id == listener_id) return accept_clients();
    if (event.id == stop_id) return begin_stop();
    if (event.id == mailbox_id) return run_tasks();
    if (Client* const client = find(event.id)) handle_client(*client, event.gone);
}

void EventLoop::run_tasks() {
    for (const Task& task : mailbox_->take()) {
        attempt(task.client, [&] {
            if (Client* const client = find(task.client)) task.work(*client);
        });
    }
}

void EventLoop::run_timers(Clock::time_point now) {
    if (now >= accept_again_) listen_again();
    while (timers_.next() <= now) {
        const Clock::time_point time = timers_.next();
        const std::uint64_t id = timers_.take();
        Client* const client = find(id);
        if (client == nullptr || client->timer != time) continue;  // another one was set since
        client->timer = Clock::time_point::max();
        attempt(id, [&] { look_at(*client); });
    }
}

// In milliseconds; -1 is for ever.
int EventLoop::time_to_next_timer() const {
    const auto next = std::min({accept_again_, stop_deadline_, timers_.next()});
    if (next == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
}

// Some at a time, so that the clients that are there already get their turn; at a stop all of them.
void EventLoop::accept_clients() {
    for (int i = 0; i < 64 || stopping_; ++i) {
        Socket socket;
        const Accepted accepted = try_accept(listener_, socket, O_NONBLOCK);
        if (accepted == Accepted::client) {
            add_client(std::move(socket));
            continue;
        }
        if (accepted == Accepted::trouble && !stopping_) {
            // The listener would stay readable, and the loop would spin. So it isn't watched for a
            // moment.
            poller_->remove(listener_.number());
            accept_again_ = Clock::now() + accept_pause;
        }
        return;
    }
}

void EventLoop::listen_again() {
    const bool listens =
        stopping_ || poller_->add(listener_.number(), Poller::Watch::clients, listener_id);
    accept_again_ = listens ? Clock::time_point::max() : Clock::now() + accept_pause;
}

void EventLoop::add_client(Socket socket) {
    const std::uint64_t id = next_id_++;
    Connection connection(program_.handler, program_.limits, log_, socket.peer);
    connection.use_workers_if(program_.needs_worker);
    Conversation conversation(std::move(connection), socket.number());
    Client& added =
        clients_.try_emplace(id, id, std::move(socket), std::move(conversation)).first->second;
    attempt(id, [&] { read(added); });  // its request is often there already
}

// Closes the door, and tells every conversation. A request that lies unread in the kernel's buffer
// still gets a reply, hence the read().
void EventLoop::begin_stop() {
    poller_->remove(stop_descriptor());
    stopping_ = true;
    stop_deadline_ = Clock::now() + drain_time;
    accept_clients();
    poller_->remove(listener_.number());
    // From now on new clients are refused. (macOS can't do this to a listener. There they wait in
    // the backlog, and are refused when the process ends.)
    shutdown(listener_.number(), SHUT_RDWR);

    std::vector<std::uint64_t> ids;  // a copy, because read() may drop clients from the table
    for (const auto& [id, client] : clients_) ids.push_back(id);
    for (const auto id : ids) {
        Client& client = *find(id);
        attempt(id, [&] {
            client.conversation.stop();
            if (client.state == Client::State::talking) return read(client);
            if (client.state != Client::State::goodbye) return;
            client.goodbye_ends = std::min(client.goodbye_ends, Clock::now() + goodbye_at_stop);
            go_on_with_goodbye(client);
        });
    }
}

Client* EventLoop::find(std::uint64_t id) {
    const auto found = clients_.find(id);
    return found != clients_.end() ? &found->second : nullptr;
}

void EventLoop::drop(Client& client) {
    trace(client.socket.number(), '*', "closed");
    poller_->forget(client.socket.number());
    clients_.erase(client.id);
}

// The threads wait for begins_, because a loop that serves before all are made might take the
// descriptors that the others need.
EventLoops::EventLoops(const Socket& listener, std::size_t count, const Program& program,
                       AccessLog* log, std::string_view engine)
    : workers_(worker_threads) {
    keep_freed_memory(count);
    const std::shared_future<bool> begins = begins_.get_future().share();
    for (std::size_t i = 0; i < count; ++i) {
        loops_.emplace_back(listener, program, log, workers_, engine);
    }
    try {
        for (EventLoop& loop : loops_) {
            threads_.push_back(start_thread([this, &loop, begins] {
                if (begins.get() && !loop.run()) all_done_ = false;
            }));
        }
    } catch (...) {
        begins_.set_value(false);
        join();
        throw;
    }
}

// If run() was not called, the threads still wait.
EventLoops::~EventLoops() {
    if (threads_.empty()) return;
    begins_.set_value(false);
    join();
}

void EventLoops::join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void EventLoops::run() {
    begins_.set_value(true);
    wait_for_stop();
    print(stopping_line);
    join();
    // (A worker may still be busy with a request whose client has left.)
    if (all_done_ && workers_.wait_until_idle(Clock::now() + std::chrono::milliseconds(500)))
        return;
    // A worker can't be ended from outside, and ~WorkerPool would wait for it, so what still runs
    // ends with the process.
    flush_output();
    std::_Exit(0);
}
