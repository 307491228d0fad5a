// The black-box judge: starts the server it is given, runs the suites of the levels asked for, and
// says how many cases passed. It includes no code of the servers and only talks TCP to them.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "reporter.hpp"
#include "server_process.hpp"
#include "settings.hpp"
#include "watchdog.hpp"

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

// The suites are named after their level, so the later ones can be left out by name.
void leave_out_later_levels(doctest::Context& context) {
    for (int level = settings().level + 1; level <= 9; ++level)
        context.addFilter("test-suite-exclude", ("level" + std::to_string(level) + " /*").c_str());
}

// Prints the closing line. Returns the exit code.
int close_the_books() {
    Tally count = tally();
    std::cout << "\n";
    if (!sanitizer_complaints().empty()) {
        ++count.failed;
        std::cout << "A sanitizer complained about the server:\n" << sanitizer_complaints() << "\n";
    }
    bool nothing_ran = count.passed + count.failed == 0;
    if (nothing_ran) std::cout << "No case ran. None matches the filter, or all were skipped.\n";
    std::cout << count.passed << " passed, " << count.failed << " failed, " << count.skipped
              << " skipped" << std::endl;
    return count.failed > 0 || nothing_ran ? 1 : 0;
}

int run(int argc, char** argv) {
    doctest::Context context;
    context.setOption("reporters", "blackbox");
    context.applyCommandLine(argc, argv);
    leave_out_later_levels(context);
    if (context.shouldExit()) return context.run();  // -ltc and the like need no server

    signal(SIGPIPE, SIG_IGN);  // a server that hangs up early is a finding and must not end us
    allow_many_clients();
    start_watchdog(settings().limit_seconds);
    shared_server();
    std::cout << "Random payloads from SEED=" << settings().seed << std::endl;
    context.run();
    stop_shared_server();
    return close_the_books();
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
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
