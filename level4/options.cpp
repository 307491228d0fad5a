// The command line: see options.hpp.
#include "options.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <thread>

#include "number.hpp"

namespace {

// A whole number in the given range, or a UsageError that says what is wrong with it.
template <typename Number>
Number number_between(std::string_view what, std::string_view text, Number lowest, Number highest) {
    const auto number = parse_number<Number>(text);
    if (!number || *number < lowest || *number > highest) {
        throw UsageError(std::string(what) + " must be a number from " + std::to_string(lowest) +
                         " to " + std::to_string(highest) + ", not '" + std::string(text) + "'.");
    }
    return *number;
}

int parse_port(std::string_view text) {
    return number_between("The port", text, 1, 65535);
}

std::string parse_engine(std::string_view text) {
    if (text != "epoll" && text != "threads") throw UsageError("--engine is epoll or threads.");
    return std::string(text);
}

}  // namespace

std::string usage(const std::string& program) {
    return "Usage: " + program + " [PORT] [--port N] [--host ADDR] [--quiet] [--help]\n" +
           "       [--data DIR] [--max-body BYTES] [--engine threads|epoll] [--threads N]\n" +
           "       [--rate-limit N/SECONDS] [--cors-origin ORIGIN]\n";
}

Options parse_options(int argc, const char* const* argv) {
    Options options;
    options.program = argc > 0 ? argv[0] : "server";
    // The kernel knows where the program lies; without /proc the name that it was started by has
    // to do.
    std::error_code error;
    const auto program = std::filesystem::canonical("/proc/self/exe", error);
    options.folder = (error ? std::filesystem::absolute(options.program) : program).parent_path();
    options.data = options.folder / "data";
    options.threads = std::max(1u, std::thread::hardware_concurrency());
    if (const char* port = std::getenv("PORT")) options.port = parse_port(port);

    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const auto value = [&]() -> std::string_view {
            if (++i >= argc) throw UsageError(std::string(argument) + " needs a value.");
            return argv[i];
        };
        if (argument == "--port")
            options.port = parse_port(value());
        else if (argument == "--host")
            options.host = value();
        else if (argument == "--data")
            options.data = value();
        else if (argument == "--max-body")
            options.max_body = number_between<std::uint64_t>("--max-body", value(), 0, 1ull << 40);
        else if (argument == "--engine")
            options.engine = parse_engine(value());
        else if (argument == "--threads")
            options.threads = number_between<std::size_t>("--threads", value(), 1, 1000);
        else if (argument == "--rate-limit")
            options.rate_limit = value();
        else if (argument == "--cors-origin")
            options.cors_origin = value();
        else if (argument == "--quiet")
            options.quiet = true;
        else if (argument == "--help")
            options.help = true;
        else if (argument.starts_with('-'))
            throw UsageError("Unknown option: " + std::string(argument));
        else
            options.port = parse_port(argument);
    }
    return options;
}
