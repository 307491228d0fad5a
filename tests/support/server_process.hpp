// The server that is judged: started on a free port, known to accept connections.
// One is shared by all ordinary cases; a case about signals or limits starts its own.
#pragma once

#include <string>
#include <vector>

#include "process.hpp"

struct Launch {
    std::string before = {};                    // shell in front, such as "ulimit -n 32;"
    std::vector<std::string> environment = {};  // such as "TRACE=1"
    std::string command = {};                   // in place of --server
};

class ServerProcess {
  public:
    // Waits until the server accepts. Throws std::runtime_error with its output when it does not.
    explicit ServerProcess(const Launch& launch = {});

    int port() const { return port_; }
    Process& process() { return process_; }

    // "signal 11 (Segmentation fault)" when it has died, which may take it a moment to show;
    // empty when it lives.
    std::string death();

  private:
    int port_;
    Process process_;
};

// The one server of the ordinary cases; started again when an earlier case killed it.
ServerProcess& shared_server();
void stop_shared_server();

// A port on which nobody listens.
int free_port();

// `command` with {port} filled in.
std::string with_port(std::string command, int port);
