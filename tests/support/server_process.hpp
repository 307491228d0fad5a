// The server that is judged, started on a free port and known to accept connections.
// All ordinary cases share one; a case about signals or limits starts its own.
#pragma once

#include <string>
#include <vector>

#include "process.hpp"

struct Launch {
    std::string before = {};                    // shell code to run first: "ulimit -n 32;"
    std::vector<std::string> environment = {};  // variables to set, such as "TRACE=1"
    std::string command = {};                   // to be used in place of --server's
    int port = 0;                               // 0: any that is free
};

class ServerProcess {
  public:
    // Waits until the server accepts. Throws std::runtime_error with its output if it does not.
    explicit ServerProcess(const Launch& launch = {});

    int port() const { return port_; }
    Process& process() { return process_; }

    // Sends a signal to the program that listens, and to no shell or script around it, because
    // those would die of it and hide how the program ends.
    void signal(int number);
    // While it is held (SIGSTOP), only the kernel accepts connections for it.
    void hold();
    void let_go();
    // The names of those that it was sent, such as SIGTERM.
    const std::vector<std::string>& signals() const { return signals_; }
    // How long it has been accepting connections, in seconds.
    double age() const { return now() - accepting_since_; }

    // "signal 11 (Segmentation fault)" if the server has died, empty if it lives. Waits a moment,
    // because a death does not show at once.
    std::string death();

    // The last lines that it has printed, or that there are none and why that may be.
    std::string last_words();

  private:
    void send_signal(int number);
    [[noreturn]] void give_up(const std::string& trouble, const Launch& launch);

    int port_;
    Process process_;
    std::vector<std::string> signals_;
    double accepting_since_ = 0;
    pid_t listener_ = 0;  // the program that listens; 0 where that can't be looked up
};

// The one server of the ordinary cases; started again if an earlier case killed it.
ServerProcess& shared_server();
void stop_shared_server();
// The same, if it has been started and has not been stopped; it may have died.
ServerProcess* running_shared_server();

// What a program that has died like this is usually missing; empty if that could be anything.
std::string advice_on(const std::string& death);

// A port on which no program listens.
int free_port();

// `command` with {port} filled in.
std::string with_port(std::string command, int port);
