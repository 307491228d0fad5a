// What an event loop does for one client: read, answer, send, wait. The states are in client.hpp.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "../../common/output.hpp"
#include "../../common/system.hpp"
#include "../../common/trace.hpp"
#include "engine/event_loop.hpp"
#include "handler.hpp"

using State = Client::State;
using Watch = Poller::Watch;

namespace {

// How many bytes of a file are sent to one client before it is the next client's turn.
constexpr std::uint64_t file_turn = 2 << 20;

Clock::time_point deadline_of(const Client& client) {
    const bool talking = client.state == State::talking;
    return talking ? client.conversation.deadline() : client.look_again;
}

// In a worker. The response stays empty if there isn't even memory for an error page.
void answer(const Program& program, Request& request, std::optional<Response>& response) {
    try {
        response = answer_within_memory(program.handler, request, program.limits, request.share);
    } catch (const std::exception& error) {
        print_error("A request was not answered", error.what());
    }
}

}  // namespace

void EventLoop::handle_client(Client& client, bool gone) {
    switch (client.state) {
        case State::talking:
            if (gone && client.conversation.wants() == 0) return drop(client);
            return read(client);
        case State::goodbye: return read(client);
        case State::blocked: return advance(client);
        case State::with_worker:
            if (gone) return drop(client);
            return watch(client, Watch::nothing);  // its next request has to wait
    }
}

// Reads once and not until there is nothing more, because another client may be waiting.
void EventLoop::read(Client& client) {
    const bool at_goodbye = client.state == State::goodbye;
    const std::size_t size = at_goodbye ? buffer_.size() : client.conversation.wants();
    if (size == 0) return advance(client);
    const ssize_t count =
        recv(client.socket.number(), buffer_.data(), std::min(size, buffer_.size()), 0);
    if (count > 0) {
        const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
        trace(client.socket.number(), '<', bytes);
        if (at_goodbye) return go_on_with_goodbye(client);
        client.conversation.feed(bytes);
        return advance(client);
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return advance(client);
    }
    if (count < 0 || at_goodbye || client.input_ended) return drop(client);
    client.input_ended = true;
    client.conversation.end_of_input();
    advance(client);
}

// Does everything for a client that can be done without waiting. Input is only asked for when all
// output is gone, so a client that doesn't read can't make us work, or remember, any further.
void EventLoop::advance(Client& client) {
    if (client.state == State::goodbye) return;
    for (;;) {
        if (client.conversation.dropped()) return drop(client);
        const Sent sent = send(client);
        if (sent == Sent::failed) return drop(client);
        if (sent == Sent::some) return enter(client, State::blocked);
        if (client.conversation.taken_over() && !client.wakeable) let_others_wake(client);

        std::string output = client.conversation.take_output(turn_ends_);
        if (!output.empty()) {
            client.outgoing =
                std::make_unique<Outgoing>(std::move(output), client.conversation.take_file());
            if (!client.conversation.has_input() || Clock::now() < turn_ends_) continue;
            // Its turn is over. The poller will say at once that there is room, after the other
            // clients.
            return enter(client, State::blocked);
        }
        if (client.conversation.with_worker()) return run_in_worker(client);
        if (client.conversation.dropped()) return drop(client);  // before it was taken over
        if (client.conversation.finished()) return enter(client, State::goodbye);
        return enter(client, State::talking);
    }
}

// Frees the memory of what was sent, because most clients are idle most of the time.
Sent EventLoop::send(Client& client) const {
    if (!client.outgoing) return Sent::all;
    const std::uint64_t before = client.outgoing->left();
    const Sent sent = client.outgoing->send_to(client.socket, file_turn);
    client.sent += before - client.outgoing->left();
    if (sent == Sent::all) client.outgoing = nullptr;
    return sent;
}

// Other threads may have output for a protocol. They use only the mailbox, which outlives the loop;
// the work is done in this loop, if at all.
void EventLoop::let_others_wake(Client& client) {
    client.wakeable = true;
    client.conversation.on_wake([mailbox = mailbox_, this, id = client.id] {
        mailbox->post({{id, [this](Client& woken) { advance(woken); }}});
    });
}

// Nothing is read from the client until its response has come back through the mailbox:
//
//     this loop:  makes a place for the response, and the task that will go on with it
//     a worker:   puts the response into that place, and posts the task
//     this loop:  runs the task
//
// The task is made before there is a response, because a worker that has run out of memory must
// still be able to post it. The place is empty then, and the client is dropped.
void EventLoop::run_in_worker(Client& client) {
    auto taken = client.conversation.http().take_job();
    if (!taken) return;  // a worker has it
    client.job = std::make_unique<Client::Job>(
        Client::Job{std::move(taken), std::make_shared<WorkerPool::Line>()});
    const auto response = std::make_shared<std::optional<Response>>();
    std::list<Task> task;
    task.push_back({client.id, [this, response](Client& waiting) {
                        if (!*response) return drop(waiting);
                        go_on(waiting, std::move(**response));
                    }});
    auto work = [&program = program_, mailbox = mailbox_, request = client.job->request, response,
                 task = std::move(task)]() mutable {
        answer(program, *request, *response);
        mailbox->post(std::move(task));
    };
    jobs_.push_back({client.job->line, std::move(work)});
    client.look_again = client.job->request->received + program_.limits.worker;
    enter(client, State::with_worker);
}

// A worker has the answer, or none has begun in time.
void EventLoop::go_on(Client& client, Response response) {
    const auto job = std::exchange(client.job, nullptr);
    client.conversation.http().resume(*job->request, std::move(response));
    advance(client);
}

// All workers may be stuck on a disk. A request that one has begun may take its time.
void EventLoop::wait_no_longer(Client& client) {
    client.look_again = Clock::time_point::max();
    if (!workers_.withdraw(*client.job->line)) return;
    Request& request = *client.job->request;
    print_error("No worker was free in time, so this was refused", visible(request.line));
    request.refusal = "The server is busy. Please try again.";
    go_on(client, call_handler(program_.handler, request));
}

// The only place where a client's state changes: what is watched and when we look again follow
// from it.
void EventLoop::enter(Client& client, State state) {
    const bool is_new = std::exchange(client.state, state) != state;
    switch (state) {
        case State::talking:
            watch(client, client.input_ended || client.conversation.wants() == 0 ? Watch::nothing
                                                                                 : Watch::input);
            break;
        case State::blocked:
            // Being woken isn't progress by the client, so being blocked again changes nothing.
            if (is_new) client.taken = client.sent - unsent_bytes(client.socket);
            if (is_new) client.stalls_at = Clock::now() + send_stall;
            if (is_new) client.look_again = Clock::now() + std::chrono::seconds(1);
            watch(client, Watch::output);
            break;
        case State::with_worker:
            // What is watched stays as it is, because mostly nothing comes: see handle_client().
            if (!client.watched) watch(client, Watch::nothing);
            break;
        case State::goodbye:
            // RFC 9112 §9.6, and close_gently() in common/socket.hpp.
            if (client.input_ended) return drop(client);
            if (client.conversation.ended_by_client() && may_just_close(client.socket))
                return drop(client);
            shutdown(client.socket.number(), SHUT_WR);
            client.goodbye_ends = Clock::now() + (stopping_ ? goodbye_at_stop : goodbye_time);
            client.look_again = std::min(client.goodbye_ends, Clock::now() + goodbye_silence);
            watch(client, Watch::input);
    }
    set_timer(client);
}

void EventLoop::watch(Client& client, Watch what) {
    if (client.watched == what) return;
    const int socket = client.socket.number();
    const bool watched = client.watched ? poller_->change(socket, what, client.id)
                                        : poller_->add(socket, what, client.id);
    if (!watched) throw std::runtime_error("The system can't watch another connection");
    client.watched = what;
}

// A timer may only be too early. One that would be too late is replaced; the queue still holds it,
// and run_timers() passes over it.
void EventLoop::set_timer(Client& client) {
    const auto deadline = deadline_of(client);
    if (deadline >= client.timer) return;
    client.timer = deadline;
    timers_.add(deadline, client.id);
}

// The client may say what it likes, but not for ever.
void EventLoop::go_on_with_goodbye(Client& client) {
    client.look_again = std::min(client.goodbye_ends, Clock::now() + goodbye_silence);
    set_timer(client);
}

// When a client's timer has rung.
void EventLoop::look_at(Client& client) {
    if (deadline_of(client) > Clock::now()) return set_timer(client);
    switch (client.state) {
        case State::talking: client.conversation.time_out(); return advance(client);
        case State::blocked: return check_progress(client);
        case State::with_worker: return wait_no_longer(client);
        case State::goodbye: return drop(client);
    }
}

// The kernel calls a socket writable when a third of its buffer is free. That may be megabytes,
// which a slow line takes minutes for, so we ask how many bytes it has not delivered yet.
void EventLoop::check_progress(Client& client) {
    const std::uint64_t taken = client.sent - unsent_bytes(client.socket);
    if (taken - client.taken >= client.conversation.slowest_bytes(program_.limits)) {
        client.taken = taken;
        client.stalls_at = Clock::now() + send_stall;
    }
    if (Clock::now() >= client.stalls_at) return drop(client);
    client.look_again = Clock::now() + std::chrono::seconds(1);
    set_timer(client);
}
