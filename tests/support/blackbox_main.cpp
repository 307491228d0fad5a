// The black-box judge: starts the server it is given, runs the suites of the levels asked for, and
// says how many cases passed. It includes no code of the servers and only talks TCP to them.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS  // what ends a case is the supervisor's business
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "printer.hpp"
#include "settings.hpp"
#include "supervisor.hpp"
#include "text.hpp"

namespace {

bool asks_for_help(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view argument = argv[i];
        if (argument == "--help" || argument == "-h" || argument == "-?") return true;
    }
    return false;
}

// A thousand clients need more descriptors than most systems give a process by default. The server
// inherits this limit, and may need a few descriptors for each client.
void allow_many_clients() {
    constexpr rlim_t wanted = 4096;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// A line for the table that `make test` ends with: title, passed, failed, skipped, seconds.
void add_to_tally(const Book& book) {
    if (settings().tally.empty()) return;
    const Tally count = tally(book);
    std::ofstream(settings().tally, std::ios::app)
        << settings().title << "\t" << count.passed << "\t" << count.failed + count.not_run << "\t"
        << count.skipped << "\t" << static_cast<int>(book.seconds + 0.5) << "\n";
}

// What `make grade` builds with: the command gets as far as a server may, and leaves nothing behind.
int run_command_once() {
    Book book;
    supervise_once(book);
    std::cout << readable(book.diagnosis);
    if (book.end == RunEnd::interrupted) return exit_code(book);
    return book.diagnosis.starts_with("exit code 0\n") ? 0 : 1;
}

int run() {
    if (settings().once) return run_command_once();
    Book book;
    book.plan = make_plan();
    if (settings().list) {
        print_list(book.plan);
        return 0;
    }
    if (settings().server.find("{port}") == std::string::npos)
        std::cout
            << "SERVER has no {port}, so the server must listen on the port that the variable "
               "PORT names.\n";
    allow_many_clients();
    if (!settings().next) std::cout << "Random payloads from SEED=" << settings().seed << std::endl;
    supervise(book);
    print_summary(book);
    add_to_tally(book);
    return exit_code(book);
}

}  // namespace

int main(int argc, char** argv) {
    if (asks_for_help(argc, argv)) {
        std::cout << usage() << "\n";
        return doctest::Context(argc, argv).run();
    }
    try {
        read_settings(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n" << usage();
        return 2;
    }
    try {
        return run();
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
