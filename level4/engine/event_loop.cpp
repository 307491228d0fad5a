// See event_loop.hpp. Read EventLoop::run() first, then advance(): that is the whole engine.
// epoll is used "level-triggered", which is its default: what is not read now is reported again. So
// it is never wrong to leave some of it for later, and that is how all clients get their turn.
#include "engine/event_loop.hpp"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/worker_pool.hpp"

namespace {

constexpr std::chrono::seconds drain_time{5};    // for replies in flight when the program stops
constexpr std::chrono::seconds goodbye_time{2};  // for a client to close after us
// They wait far more than they work, and those that wait for the disk at the same time share one
// fdatasync() (message_store.cpp): so more of them than there are processors.
constexpr std::size_t workers = 16;
// Who sends many requests together has them answered for so long, and bytes of a file in one go;
// then others get their turn.
constexpr std::chrono::milliseconds turn{2};
constexpr std::uint64_t file_turn = 2 << 20;

struct Client {
    Client(std::uint64_t number, Socket connected, Connection conversation)
        : id(number), socket(std::move(connected)), connection(std::move(conversation)) {}

    // A number, not a pointer: an event or a task may come when its client is gone. A number that
    // nobody has any more does no harm, and none is given twice.
    std::uint64_t id;
    Socket socket;
    Connection connection;
    std::string output;             // taken from the connection,
    std::size_t sent = 0;           // and gone this far
    std::optional<FileSlice> file;  // what follows the output
    bool registered = false;        // with epoll,
    std::uint32_t watched = 0;      // which looks for these events
    bool wakeable = false;          // by the protocol that has taken over
    bool with_workers = false;      // a request of this client
    bool saying_goodbye = false;    // all is sent; now the client closes, or has two seconds
    bool input_ended = false;
    std::uint64_t sent_in_all = 0;
    std::uint64_t taken = 0;         // of that, by the client, when we last looked;
    Clock::time_point stalls_at;     // it must have taken more by then
    Clock::time_point own_deadline;  // of a goodbye, or to look at what the client has taken
    Clock::time_point timer = Clock::time_point::max();  // when we look at its deadline next
};

// What another thread wants a loop to do for a client, if that is still there.
struct Task {
    std::uint64_t client;
    std::function<void(Client&)> work;
};

// Where other threads leave their tasks. It outlives the loop: a chat room may still hold the
// wake-up of a client that is gone.
class Mailbox {
  public:
    Mailbox() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (!event_) throw std::runtime_error("Cannot make an eventfd");
    }
    int descriptor() const { return event_.descriptor(); }

    void post(Task task) {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        // Wakes epoll_wait(). Once is enough, until take() has fetched everything.
        if (tasks_.size() == 1) eventfd_write(event_.descriptor(), 1);
    }
    std::vector<Task> take() {
        const std::lock_guard lock(mutex_);
        eventfd_t ignored = 0;
        eventfd_read(event_.descriptor(), &ignored);
        return std::exchange(tasks_, {});
    }

  private:
    Socket event_;
    std::mutex mutex_;
    std::vector<Task> tasks_;
};

class EventLoop {
  public:
    EventLoop(const Socket& listener, const Handler& handler, const BlockingTest& is_blocking,
              const Limits& limits, AccessLog* log, WorkerPool& pool)
        : listener_(listener),
          handler_(handler),
          is_blocking_(is_blocking),
          limits_(limits),
          log_(log),
          pool_(pool),
          epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (!epoll_) throw std::runtime_error("Cannot make an epoll descriptor");
        // EPOLLEXCLUSIVE: a new client wakes one loop, or a few, and not all that wait for it.
        watch(listener_.descriptor(), EPOLL_CTL_ADD, EPOLLIN | EPOLLEXCLUSIVE, listener_id);
        watch(mailbox_->descriptor(), EPOLL_CTL_ADD, EPOLLIN, mailbox_id);
        watch(stop_descriptor(), EPOLL_CTL_ADD, EPOLLIN, stop_id);
    }

    bool run();

  private:
    // What an event is about; clients count from first_client on.
    static constexpr std::uint64_t listener_id = 0, mailbox_id = 1, stop_id = 2, first_client = 3;

    void watch(int descriptor, int operation, std::uint32_t events, std::uint64_t id) const;
    void attempt(std::uint64_t id, const std::function<void()>& work);
    void handle(const epoll_event& event);
    void accept_clients();
    void begin_stop();
    Client* find(std::uint64_t id);
    void drop(Client& client);

    void read(Client& client);
    void advance(Client& client);
    enum class Sending { done, blocked, failed };
    Sending send_some(Client& client) const;
    void run_deferred(Client& client);
    void say_goodbye(Client& client);
    void want(Client& client, std::uint32_t events) const;

    Clock::time_point deadline_of(const Client& client) const;
    void set_timer(Client& client);
    void run_timers(Clock::time_point now);
    void time_out(Client& client);
    void wait_for_room(Client& client);
    void check_progress(Client& client);
    int time_to_next_timer() const;

    const Socket& listener_;
    const Handler& handler_;
    const BlockingTest& is_blocking_;
    const Limits& limits_;
    AccessLog* log_;
    WorkerPool& pool_;
    Socket epoll_;
    std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();

    std::unordered_map<std::uint64_t, std::unique_ptr<Client>> clients_;
    std::uint64_t next_id_ = first_client;
    std::array<char, 65536> buffer_;  // one for all: what is read is handed on at once

    using Timer = std::pair<Clock::time_point, std::uint64_t>;
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    Clock::time_point accept_again_ = Clock::time_point::max();  // see accept_clients()
    std::vector<std::function<void()>> deferred_;                // for the workers, from this turn
    Clock::time_point turn_ends_;
    bool stopping_ = false;
    Clock::time_point stop_deadline_ = Clock::time_point::max();
};

// Whatever goes wrong for one client, the others do not notice.
void EventLoop::attempt(std::uint64_t id, const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {  // out of memory, most likely
        std::cerr << "A client was dropped: " << error.what() << std::endl;
        if (Client* const client = find(id)) drop(*client);
    }
}

// True if nothing was left undone.
bool EventLoop::run() {
    std::array<epoll_event, 256> events;
    while (!stopping_ || (!clients_.empty() && Clock::now() < stop_deadline_)) {
        const int count = epoll_wait(epoll_.descriptor(), events.data(),
                                     static_cast<int>(events.size()), time_to_next_timer());
        turn_ends_ = Clock::now() + turn;
        for (int i = 0; i < count; ++i) {  // count is -1 after a signal: then there is none
            const auto& event = events[static_cast<std::size_t>(i)];
            attempt(event.data.u64, [&] { handle(event); });
        }
        run_timers(Clock::now());
        // The workers are woken once for all that there is to do, not once for each request.
        if (!deferred_.empty()) pool_.submit(std::exchange(deferred_, {}));
    }
    return clients_.empty();
}

void EventLoop::watch(int descriptor, int operation, std::uint32_t events, std::uint64_t id) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    epoll_ctl(epoll_.descriptor(), operation, descriptor, &event);
}

void EventLoop::handle(const epoll_event& event) {
    const std::uint64_t id = event.data.u64;
    if (id == listener_id) return accept_clients();
    if (id == stop_id) return begin_stop();
    if (id == mailbox_id) {
        for (const auto& task : mailbox_->take()) {
            attempt(task.client, [&] {
                if (Client* const client = find(task.client)) task.work(*client);
            });
        }
        return;
    }
    Client* const client = find(id);
    if (client == nullptr) return;  // dropped by an earlier event of the same batch
    const bool broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    if (client->with_workers && !broken) {
        return want(*client, 0);  // its next request, or room for the next reply, has to wait
    }
    // A connection that is broken is also "read": recv() tells what has happened.
    if (broken || (event.events & EPOLLIN) != 0)
        read(*client);
    else
        advance(*client);
}

// Some at a time, so that those who are there already get their turn; at the end all who have come.
void EventLoop::accept_clients() {
    for (int i = 0; i < 64 || stopping_; ++i) {
        Socket socket(
            accept4(listener_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK || stopping_) return;
            // Out of descriptors: the listener would stay readable, and the loop spin. So it is not
            // watched for a tenth of a second.
            watch(listener_.descriptor(), EPOLL_CTL_DEL, 0, listener_id);
            accept_again_ = Clock::now() + std::chrono::milliseconds(100);
            return;
        }
        if (tracing()) trace('*', "accepted descriptor " + std::to_string(socket.descriptor()));
        const std::uint64_t id = next_id_++;
        Connection connection(handler_, limits_, log_, peer_address(socket));
        connection.defer_if(is_blocking_);
        auto& client = *clients_
                            .emplace(id, std::make_unique<Client>(id, std::move(socket),
                                                                  std::move(connection)))
                            .first->second;
        read(client);  // its request is often there already
    }
}

// Closes the door, and tells every conversation. Whoever has sent a request that lies unread in the
// kernel's buffer still gets a reply: hence the read().
void EventLoop::begin_stop() {
    watch(stop_descriptor(), EPOLL_CTL_DEL, 0, stop_id);
    stopping_ = true;
    stop_deadline_ = Clock::now() + drain_time;
    accept_clients();
    watch(listener_.descriptor(), EPOLL_CTL_DEL, 0, listener_id);
    shutdown(listener_.descriptor(), SHUT_RDWR);  // from now on new clients are refused

    std::vector<std::uint64_t> ids;  // a copy: read() and advance() may drop clients from the table
    for (const auto& [id, client] : clients_) ids.push_back(id);
    for (const auto id : ids) {
        Client& client = *find(id);
        client.connection.stop();
        set_timer(client);
        if (client.watched == EPOLLIN && !client.connection.awaits_response())
            read(client);
        else if (client.connection.upgraded())
            advance(client);
    }
}

Client* EventLoop::find(std::uint64_t id) {
    const auto found = clients_.find(id);
    return found != clients_.end() ? found->second.get() : nullptr;
}

void EventLoop::drop(Client& client) {
    clients_.erase(client.id);
}

// Reads once, not until there is nothing more: another client may be waiting.
void EventLoop::read(Client& client) {
    const ssize_t count = recv(client.socket.descriptor(), buffer_.data(), buffer_.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return advance(client);
    }
    if (count > 0) {
        const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
        if (tracing()) trace('<', bytes);
        if (client.saying_goodbye) return;  // it may say what it likes
        client.connection.receive(bytes);
        return advance(client);
    }
    if (count < 0 || client.saying_goodbye || client.input_ended) return drop(client);
    client.input_ended = true;
    client.connection.end_of_input();
    advance(client);
}

// Does everything for a client that can be done without waiting. Input is only asked for when all
// output is gone: so a client that does not read cannot make us work, or remember, any further.
void EventLoop::advance(Client& client) {
    if (client.saying_goodbye) return;
    for (;;) {
        if (client.connection.dropped()) return drop(client);
        const Sending sending = send_some(client);
        if (sending == Sending::failed) return drop(client);
        if (sending == Sending::blocked) return wait_for_room(client);
        if (client.connection.upgraded() && !std::exchange(client.wakeable, true)) {
            // The work is done in this loop, if at all. Only the mailbox may be used once the loop
            // is gone.
            client.connection.on_wake([mailbox = mailbox_, this, id = client.id] {
                mailbox->post({id, [this](Client& woken) { advance(woken); }});
            });
        }
        client.output = client.connection.take_output(turn_ends_);
        client.file = client.connection.take_file();
        if (!client.output.empty() || client.file) {
            if (!client.connection.has_input() || Clock::now() < turn_ends_) continue;
            return wait_for_room(client);  // epoll will say at once that there is, after the others
        }
        if (client.connection.awaits_response()) return run_deferred(client);
        if (client.connection.finished()) return say_goodbye(client);
        set_timer(client);
        return want(client, EPOLLIN);
    }
}

EventLoop::Sending EventLoop::send_some(Client& client) const {
    std::uint64_t left_of_turn = file_turn;
    while (client.sent < client.output.size() || client.file) {
        if (left_of_turn == 0) return Sending::blocked;  // epoll will say at once that it is not
        ssize_t count = 0;
        if (client.sent < client.output.size()) {
            const std::string_view rest = std::string_view(client.output).substr(client.sent);
            // MSG_MORE: the file's beginning may share a packet with the end of its head.
            const int more = client.file ? MSG_MORE : 0;
            count = send(client.socket.descriptor(), rest.data(), rest.size(), more);
            if (count > 0 && tracing()) trace('>', rest.substr(0, static_cast<std::size_t>(count)));
            if (count > 0) client.sent += static_cast<std::size_t>(count);
        } else {
            auto& slice = *client.file;
            auto position = static_cast<off_t>(slice.offset);
            count = sendfile(client.socket.descriptor(), slice.file->descriptor(), &position,
                             std::min(slice.length, left_of_turn));
            if (count == 0) return Sending::failed;  // the file has become shorter
            if (count > 0 && tracing()) trace('>', std::to_string(count) + " bytes of a file");
            if (count > 0) {
                slice.offset += static_cast<std::uint64_t>(count);
                slice.length -= static_cast<std::uint64_t>(count);
                left_of_turn -= static_cast<std::uint64_t>(count);
            }
            if (slice.length == 0) client.file.reset();
        }
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN ? Sending::blocked : Sending::failed;
        client.sent_in_all += static_cast<std::uint64_t>(count);
    }
    // Gives the memory back: most clients are idle most of the time. (clear() alone keeps it, and
    // so does the assignment of an empty string.)
    client.output.clear();
    client.output.shrink_to_fit();
    client.sent = 0;
    return Sending::done;
}

// Hands a request to the workers. Nothing is read from the client meanwhile; its response comes
// back through the mailbox, if the client is still there.
void EventLoop::run_deferred(Client& client) {
    std::shared_ptr<DeferredRequest> deferred = client.connection.take_deferred();
    if (!deferred) return;  // it is with them already
    client.with_workers = true;
    deferred_.push_back([this, &handler = handler_, mailbox = mailbox_, deferred, id = client.id] {
        auto response = std::make_shared<Response>(call_handler(handler, deferred->request));
        mailbox->post({id, [this, deferred, response](Client& waiting) {
                           waiting.with_workers = false;
                           waiting.connection.resume(*deferred, std::move(*response));
                           advance(waiting);
                       }});
    });
}

// RFC 9112 §9.6, and close_gently() in common/socket.hpp: whoever has
// sent everything closes that half first.
void EventLoop::say_goodbye(Client& client) {
    if (client.input_ended) return drop(client);
    shutdown(client.socket.descriptor(), SHUT_WR);
    client.saying_goodbye = true;
    client.own_deadline = Clock::now() + goodbye_time;
    set_timer(client);
    want(client, EPOLLIN);
}

// Whatever is wanted, epoll also tells of clients that are gone: EPOLLERR and EPOLLHUP.
void EventLoop::want(Client& client, std::uint32_t events) const {
    if (client.input_ended) events &= ~std::uint32_t{EPOLLIN};  // it would be ready for ever
    if (client.registered && client.watched == events) return;
    watch(client.socket.descriptor(), client.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, events,
          client.id);
    client.registered = true;
    client.watched = events;
}

// Timers -----------------------------------------------------------------------------------------
// Every client's deadline moves with every request. To move a timer each time would cost more than
// it is worth; so a timer that rings too early looks at the deadline, and is set again. A client
// costs one timer every few seconds, however many requests it sends, and nothing in between.

// Whoever is watched for EPOLLOUT does not take what we send.
Clock::time_point EventLoop::deadline_of(const Client& client) const {
    if (client.saying_goodbye || client.watched == EPOLLOUT) return client.own_deadline;
    if (client.connection.awaits_response()) return Clock::time_point::max();  // it is our turn
    return client.connection.deadline();
}

// A timer may only be too early. If there is one that would be too late, it is replaced; the queue
// still holds it, and run_timers() passes over it.
void EventLoop::set_timer(Client& client) {
    const auto deadline = deadline_of(client);
    if (deadline >= client.timer) return;
    client.timer = deadline;
    timers_.emplace(deadline, client.id);
}

void EventLoop::run_timers(Clock::time_point now) {
    if (now >= accept_again_) {
        accept_again_ = Clock::time_point::max();
        if (!stopping_)
            watch(listener_.descriptor(), EPOLL_CTL_ADD, EPOLLIN | EPOLLEXCLUSIVE, listener_id);
    }
    while (!timers_.empty() && timers_.top().first <= now) {
        const auto [time, id] = timers_.top();
        timers_.pop();
        Client* const client = find(id);
        if (client == nullptr || client->timer != time) continue;
        client->timer = Clock::time_point::max();
        if (deadline_of(*client) > now)
            set_timer(*client);
        else
            attempt(id, [&] { time_out(*client); });
    }
}

void EventLoop::time_out(Client& client) {
    if (client.saying_goodbye) return drop(client);
    if (client.watched == EPOLLOUT) return check_progress(client);
    client.connection.time_out();
    advance(client);
}

// From now on we look every second at whether the client takes anything. That we are woken, by an
// event or by another thread, is no progress of the client's.
void EventLoop::wait_for_room(Client& client) {
    if (client.watched != EPOLLOUT) {
        client.stalls_at = Clock::now() + send_stall;
        client.own_deadline = Clock::now() + std::chrono::seconds(1);
    }
    want(client, EPOLLOUT);  // before the timer: it decides which deadline counts
    set_timer(client);
}

// The kernel calls a socket writable when a third of its buffer is free. That may be megabytes, for
// which a slow line takes minutes; so we ask how much of what it took it has got rid of.
void EventLoop::check_progress(Client& client) {
    const auto now = Clock::now();
    int unsent = 0;
    ioctl(client.socket.descriptor(), SIOCOUTQ, &unsent);
    const std::uint64_t taken = client.sent_in_all - static_cast<std::uint64_t>(unsent);
    if (std::exchange(client.taken, taken) != taken) client.stalls_at = now + send_stall;
    if (now >= client.stalls_at) return drop(client);
    client.own_deadline = now + std::chrono::seconds(1);
    set_timer(client);
}

// In milliseconds, as epoll_wait() wants it; -1 is for ever.
int EventLoop::time_to_next_timer() const {
    auto next = std::min(accept_again_, stop_deadline_);
    if (!timers_.empty()) next = std::min(next, timers_.top().first);
    if (next == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
}

}  // namespace

void run_event_loops(const Socket& listener, std::size_t loops, const Handler& handler,
                     const BlockingTest& is_blocking, const Limits& limits, AccessLog* log) {
    std::atomic<bool> all_done{true};
    WorkerPool pool(workers);
    // All are made before one runs: its clients could take the descriptors that the others need.
    std::deque<EventLoop> engines;
    for (std::size_t i = 0; i < loops; ++i) {
        engines.emplace_back(listener, handler, is_blocking, limits, log, pool);
    }
    std::vector<std::thread> threads;
    for (auto& engine : engines) {
        threads.emplace_back([&engine, &all_done] {
            if (!engine.run()) all_done = false;
        });
    }
    for (auto& thread : threads) thread.join();
    // (A worker may still be busy with a request whose client has left.)
    if (all_done && pool.wait_until_idle(Clock::now() + std::chrono::milliseconds(500))) return;
    // A worker can't be ended from outside, and ~WorkerPool would wait for it: what still runs ends
    // with the process.
    if (log != nullptr) log->flush();
    std::_Exit(0);
}
