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

int parse_port(std::string_view what, std::string_view text) {
    return number_between(what, text, 1, 65535);
}

// The command line, one argument after the other. next() goes on to it, or returns false at the end.
struct Arguments {
    int count;
    const char* const* values;
    int position = 0;
    std::string_view argument = {};  // as it was typed, such as --port=80
    std::string_view flag = {};      // what stands before its =, or all of it: --port

    bool next() {
        if (++position >= count) return false;
        argument = values[position];
        flag = argument.substr(0, argument.find('='));
        return true;
    }

    // What follows the =, or else the next argument.
    std::string_view value() {
        std::string_view text;
        if (flag.size() < argument.size())
            text = argument.substr(flag.size() + 1);
        else if (++position < count)
            text = values[position];
        if (text.empty()) throw UsageError(std::string(flag) + " needs a value.");
        return text;
    }
};

void apply(Arguments& given, Options& options) {
    if (given.flag == "--port")
        options.port = parse_port("--port", given.value());
    else if (given.flag == "--host")
        options.host = given.value();
    else if (given.argument == "--quiet")
        options.quiet = true;
    else if (given.argument == "-h" || given.argument == "--help")
        options.help = true;
    else if (given.argument.starts_with('-'))
        throw UsageError("Unknown option: " + std::string(given.argument));
    else
        options.port = parse_port("The port", given.argument);
}

constexpr std::string_view flags_and_variables = R"(  --port N       the port to listen on (9000)
  --host ADDR    the address to listen on (127.0.0.1: only this machine can connect)
  --quiet        no access log
  -h, --help     this text
Variables:
  PORT           the port, if the command line does not name one
  TRACE=1        show every byte that is received and sent
  NO_COLOR       no colours in the access log
)";

}  // namespace

std::string usage(const std::string& program) {
    return "Usage: " + program + " [PORT] [--port N] [--host ADDR] [--quiet] [-h|--help]\n";
}

std::string help(const std::string& program) {
    return usage(program).append(flags_and_variables);
}

Options parse_options(int argc, const char* const* argv) {
    Options options;
    options.program = argc > 0 ? argv[0] : "server";
    options.port = 0;
    Arguments arguments{argc, argv};
    while (arguments.next()) apply(arguments, options);

    if (options.help || options.port != 0) return options;
    const char* const variable = std::getenv("PORT");
    const bool in_environment = variable != nullptr && *variable != '\0';
    options.port = in_environment ? parse_port("PORT", variable) : 9000;
    return options;
}
