// Waits until one of many descriptors has something to read or room to write. It is the part of the
// event loop that differs between systems, and there are two of it:
//
//     poll    POSIX, so every system has it. The kernel is given the whole list each time and looks
//             at all of it, so a turn costs more with each client, even an idle one.
//     epoll   Linux. The kernel keeps the list, and a turn costs only as much as the clients that
//             it names.
//
// Both are "level-triggered": what isn't read now is reported again. So it is never wrong to leave
// some of it for later, and that is how all clients get their turn.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

class Poller {
  public:
    // What a descriptor is watched for. `clients` is input that other pollers watch for as well:
    // with epoll it wakes one of them, or a few, and not all. Whatever it is watched for, a broken
    // connection is reported as well.
    enum class Watch : std::uint8_t { nothing, input, output, clients };

    // `id` is what add() was given; `gone`: the connection is broken, or closed on both sides.
    struct Event {
        std::uint64_t id;
        bool gone;
    };

    virtual ~Poller() = default;

    // False if the system has no room for it.
    virtual bool add(int descriptor, Watch watch, std::uint64_t id) = 0;
    virtual bool change(int descriptor, Watch watch, std::uint64_t id) = 0;
    virtual void remove(int descriptor) = 0;
    // As remove(), but the descriptor is about to be closed. epoll notices that by itself, and poll
    // would take the next one with the same number for this one.
    virtual void forget(int descriptor) = 0;

    // Waits at most `milliseconds` (-1: for ever). No events: the time is up, or a signal has come.
    // What it returns is valid until the next call.
    virtual std::span<const Event> wait(int milliseconds) = 0;
};

// `engine` is epoll or poll. Throws std::runtime_error if the system has no descriptor to give, or
// no epoll.
std::unique_ptr<Poller> make_poller(std::string_view engine);
