// The process between the tests and a program that they started. It notices the program's end,
// enforces limits, and leaves no descendant behind, even if the tests die. A program that kills its
// parent kills this process, not the tests.
#pragma once

#include <sys/types.h>

#include <string>

// What the keeper tells the tests, in the order in which it happens.
struct KeeperEvent {
    enum Kind : int { started, ended, too_much_memory, too_many_processes };
    Kind kind;
    int value;  // started: the program's process id; ended: its status, as waitpid() gives it
};

// More than this is kept of no program's output, in bytes.
constexpr long long most_output = 10 << 20;

struct Command {
    std::string line;       // for /bin/sh
    char** environment;     // all of it
    int output;             // a file for both output streams
    std::string folder;     // where it runs; empty: where we are
    std::string run_as;     // the user; empty: the one that we are
    long long most_memory;  // of all its processes together, in bytes
};

// Returns the keeper's process id. It writes KeeperEvents to `channel`, one end of a socketpair,
// and ends everything when the other end is closed.
pid_t start_keeper(const Command& command, int channel);
