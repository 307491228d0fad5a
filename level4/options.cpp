// The command line: see options.hpp.
#include "options.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "../common/system.hpp"
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

std::string parse_engine(std::string_view text) {
    if (text == "epoll" && !has_epoll) throw UsageError("No epoll here; use --engine poll.");
    if (text != "epoll" && text != "poll" && text != "threads") {
        throw UsageError("--engine is epoll, poll or threads.");
    }
    return std::string(text);
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
    else if (given.flag == "--data")
        options.data = given.value();
    else if (given.flag == "--max-body")
        options.max_body =
            number_between<std::uint64_t>("--max-body", given.value(), 0, 1ull << 40);
    else if (given.flag == "--engine")
        options.engine = parse_engine(given.value());
    else if (given.flag == "--threads")
        options.threads = number_between<std::size_t>("--threads", given.value(), 1, 1000);
    else if (given.flag == "--rate-limit")
        options.rate_limit = given.value();
    else if (given.flag == "--cors-origin")
        options.cors_origin = given.value();
    else if (given.flag == "--allow-host")
        options.allow_hosts.emplace_back(given.value());
    else if (given.argument == "--wire")
        options.wire = true;
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
  --data DIR     where messages and uploads are kept (data, beside the program)
  --max-body N   bytes that a request's body may have (1048576)
  --engine E     epoll or poll (many clients share a thread), or threads (one for each client)
                 (epoll, or poll where there is no epoll)
  --threads N    event loops, a thread each (one for each processor)
  --rate-limit N/SECONDS
                 how often one address may post; 0: no limit (0)
  --cors-origin ORIGIN
                 a site whose scripts may use /api; * for all (none)
  --allow-host NAME
                 another name of this server, such as the one that a proxy in front passes on; may
                 be repeated (localhost only, unless --host lets other machines connect)
  --wire         a page, /wire, that shows all requests and replies as they pass; for a server
                 that only this machine can reach, without a proxy in front (off)
  --quiet        no access log
  -h, --help     this text
Variables:
  PORT           the port, if the command line does not name one
  TRACE=1        show every byte that is received and sent
  NO_COLOR       no colours in the access log
  SECRET_KEY     signs the sessions; older keys, still valid, after a comma
  ADMIN_USER, ADMIN_PASSWORD
                 the login of /admin
)";

}  // namespace

std::string usage(const std::string& program) {
    return "Usage: " + program + " [PORT] [--port N] [--host ADDR] [--quiet] [-h|--help]\n" +
           "       [--data DIR] [--max-body BYTES] [--engine threads|poll|epoll] [--threads N]\n" +
           "       [--rate-limit N/SECONDS] [--cors-origin ORIGIN]\n" +
           "       [--allow-host NAME]... [--wire]\n";
}

std::string help(const std::string& program) {
    return usage(program).append(flags_and_variables);
}

Options parse_options(int argc, const char* const* argv) {
    Options options;
    options.program = argc > 0 ? argv[0] : "server";
    options.port = 0;
    options.folder = program_file(options.program).parent_path();
    options.data = options.folder / "data";
    options.threads = std::max(1u, std::thread::hardware_concurrency());
    Arguments arguments{argc, argv};
    while (arguments.next()) apply(arguments, options);

    if (options.help || options.port != 0) return options;
    const char* const variable = std::getenv("PORT");
    const bool in_environment = variable != nullptr && *variable != '\0';
    options.port = in_environment ? parse_port("PORT", variable) : 9000;
    return options;
}
