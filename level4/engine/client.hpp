// What an event loop knows of one client. Its state says whose move it is:
//
//     state        watched for    we look again          an event means   when the time is up
//     talking      input *        at the deadline        read()           its time_out()
//     blocked      output         every second           advance()        dropped after 10 s
//     with_worker  going away     after 5 s              it has gone      503 unless one has begun
//     goodbye      input          after 5 s of silence   read and forget  dropped
//
// A client that is blocked is dropped if it takes fewer than limits.slowest_bytes in 10 s. A
// goodbye takes 30 s at most, however much the client still sends.
// * While other bodies fill the memory, it is only watched for going away.
// Only EventLoop::enter() changes a client's state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "../../common/clock.hpp"
#include "../../common/descriptor.hpp"
#include "engine/poller.hpp"
#include "engine/worker_pool.hpp"
#include "outgoing.hpp"
#include "stream/conversation.hpp"

struct Client {
    enum class State { talking, blocked, with_worker, goodbye };
    // A request, and its place in the workers' queue. It is dropped if the client goes before a
    // worker has begun it.
    struct Job {
        std::shared_ptr<Request> request;
        std::shared_ptr<WorkerPool::Line> line;
    };

    Client(std::uint64_t number, Descriptor connected, Conversation talk)
        : id(number), socket(std::move(connected)), conversation(std::move(talk)) {}

    // A number and not a pointer, because an event or a task may come when its client has gone.
    // None is given twice, so a number that is no longer in use does no harm.
    std::uint64_t id;
    Descriptor socket;  // without its peer's address, which the conversation has
    Conversation conversation;
    std::unique_ptr<Outgoing> outgoing;  // taken from the conversation and not yet sent completely
    State state = State::talking;
    bool wakeable = false;                 // the protocol that has taken over can wake the loop
    bool input_ended = false;              // the client will send no more
    std::optional<Poller::Watch> watched;  // for what, once the poller knows the socket
    std::unique_ptr<Job> job;              // while it is with the workers

    Clock::time_point timer = Clock::time_point::max();  // when we look at the deadline next
    Clock::time_point look_again;    // the deadline of a client that is blocked or at its goodbye
    Clock::time_point goodbye_ends;  // however much the client still sends

    // Progress of a client that is blocked.
    std::uint64_t sent = 0;       // bytes that the kernel has taken from us
    std::uint64_t taken = 0;      // of those, what the client had taken when we last saw progress
    Clock::time_point stalls_at;  // when it is dropped unless it has taken enough more
};
