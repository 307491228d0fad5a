// A program that the harness started, in its own process group, below a keeper (see keeper.hpp),
// and with its output in a file. Ends only what it started. Knows nothing about ports or HTTP;
// server_process.hpp does.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// How many seconds the harness waits for a reply, or for a program to end, before it gives up.
constexpr double patience = 5.0;

// Seconds since some moment, for measuring how long something took.
double now();

// Lets `seconds` pass. Only to watch what a server does in that time, never to wait *for* it.
void let_pass(double seconds);

// With exec there is no shell between us and the program, so the exit code, or the signal that
// killed it, is the program's own. A command with shell syntax in it keeps its shell.
std::string without_shell(const std::string& command);

constexpr long long most_memory_of_a_server = 1LL << 30;

struct Usage {
    double processor_seconds = 0;
    long long memory_bytes = 0;  // resident, without the pages of files
    int threads = 0;
    int descriptors = 0;
};

class Process {
  public:
    // Runs a shell command; the environment entries ("NAME=value") are added to ours. It is ended if
    // it uses more memory.
    Process(const std::string& command, const std::vector<std::string>& environment,
            long long most_memory = most_memory_of_a_server);
    ~Process();  // ends it, with all its descendants
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    bool running();
    bool wait_for_end(double seconds);  // true if it has ended in time
    void signal(int number);            // to the whole group, as a terminal does on Ctrl-C
    void stop();                        // asks with SIGTERM, then insists with SIGKILL

    std::optional<int> exit_code() const;  // nothing while it runs or if a signal ended it
    std::string how_it_ended() const;      // "exit code 1", "signal 11 (Segmentation fault)"
    std::string output() const;            // everything it has printed, on both streams
    std::size_t output_size() const;       // the size of its output so far, in bytes
    // Of the program and its descendants so far; nothing where there is no /proc.
    std::optional<Usage> usage() const;

    // The program and its descendants, each after its parent.
    std::vector<pid_t> family() const;

  private:
    void hear_keeper();

    pid_t keeper_ = -1;
    int channel_ = -1;  // to the keeper, which ends the program when this is closed
    pid_t program_ = -1;
    std::string mark_;  // an entry of its environment by which it is found if it escapes
    int output_file_ = -1;
    long long most_memory_;
    std::optional<int> wait_status_;
    std::string excess_;  // why we ended it
};

// The beginning of every mark_ of this run.
std::string mark_of_run();
// Called once, before the first program is started.
void set_mark_of_run();

// The first complaint of a sanitizer in the output of any process so far; empty if there is none.
const std::string& sanitizer_complaints();
