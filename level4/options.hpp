// The command line: server [PORT] [--port N] [--host ADDR] [--quiet] [-h|--help]
//                          [--data DIR] [--max-body BYTES] [--engine threads|poll|epoll] [--threads N]
//                          [--rate-limit N/SECONDS] [--cors-origin ORIGIN]
//                          [--allow-host NAME]... [--wire]
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../common/system.hpp"

struct Options {
    std::string program;             // how the program was started: argv[0]
    std::string host = "127.0.0.1";  // only this machine can connect, unless you say otherwise
    int port = 9000;                 // --port, else the variable PORT, else this
    bool quiet = false;              // no access log
    bool help = false;
    std::filesystem::path folder;  // where the program lies: its files are beside it

    std::filesystem::path data;  // messages and uploads; by default "data" in that folder
    std::string engine = has_epoll ? "epoll" : "poll";  // or "threads": one for each client
    std::size_t threads = 1;           // event loops, one each; by default one a processor
    std::uint64_t max_body = 1 << 20;  // bytes that a request's body may have
    std::string rate_limit = "0";      // POSTs and the like, such as 30/60 (seconds); 0: no limit
    std::optional<std::string> cors_origin;  // a site whose scripts may use the API; * for all
    std::vector<std::string> allow_hosts;    // what this server is called, besides localhost
    bool wire = false;                       // a page that shows what passes, for all to see
};

// The usage line, printed after a mistake on the command line.
std::string usage(const std::string& program);

// What --help prints: the usage, and a line for each flag and each variable.
std::string help(const std::string& program);

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// `--flag=value` works as `--flag value` does. Throws UsageError, with a message for the user.
Options parse_options(int argc, const char* const* argv);
