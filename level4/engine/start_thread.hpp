// Starts a thread, or says plainly why it can't. The first threads are all made before the program
// says that it listens, so a machine without threads is noticed in time.
#pragma once

#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

// Throws std::runtime_error with a message for the user.
template <typename Work>
std::thread start_thread(Work work) {
    try {
        return std::thread(std::move(work));
    } catch (const std::system_error&) {
        throw std::runtime_error("The system has no more threads to give; see ulimit -u.");
    }
}
