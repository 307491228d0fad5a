// The command line: server [PORT] [--port N] [--host ADDR] [--quiet] [-h|--help]
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

struct Options {
    std::string program;             // how the program was started: argv[0]
    std::string host = "127.0.0.1";  // only this machine can connect, unless you say otherwise
    int port = 9000;                 // --port, else the variable PORT, else this
    bool quiet = false;              // no access log
    bool help = false;
    std::filesystem::path folder;  // where the program lies: its files are beside it
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
