// The command line: see options.hpp.
#include "options.hpp"

#include <cstdlib>
#include <string_view>

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

}  // namespace

std::string usage(const std::string& program) {
    return "Usage: " + program + " [PORT] [--port N] [--host ADDR] [--quiet] [--help]\n";
}

Options parse_options(int argc, const char* const* argv) {
    Options options;
    options.program = argc > 0 ? argv[0] : "server";
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
