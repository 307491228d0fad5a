// Starting, watching and ending a program with POSIX calls. What happens on the program's side of
// the fork is in keeper.cpp.
#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "keeper.hpp"
#include "process_tree.hpp"
#include "settings.hpp"
#include "supervisor.hpp"

extern char** environ;

namespace {

std::string complaints;

void collect_complaints(const std::string& output) {
    static constexpr const char* marks[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                            "WARNING: ThreadSanitizer", ": runtime error: "};
    // A server that is told to end at once leaves threads behind, which is fine.
    static const std::string all_right = "WARNING: ThreadSanitizer: thread leak";
    for (const char* mark : marks) {
        std::size_t found = output.find(mark);
        while (found != std::string::npos &&
               output.compare(found, all_right.size(), all_right) == 0)
            found = output.find(mark, found + 1);
        if (found == std::string::npos || !complaints.empty()) continue;
        std::size_t line = output.rfind('\n', found);
        complaints = output.substr(line == std::string::npos ? 0 : line + 1, 4000);
    }
}

// A file without a name, which vanishes with its last descriptor, whatever happens to us.
int anonymous_file() {
    std::string name = (std::filesystem::temp_directory_path() / "blackbox-XXXXXX").string();
    int file = mkstemp(name.data());
    if (file < 0) throw std::runtime_error("cannot create a file for the server's output");
    unlink(name.c_str());
    fcntl(file, F_SETFD, FD_CLOEXEC);
    return file;
}

int entries_of(const std::filesystem::path& folder) {
    std::error_code error;
    int count = 0;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        ++count;
    return count;
}

constexpr double keeper_patience = 10.0;
std::string run_mark;

// Waits until the keeper has ended what it kept, and reaps whatever has become our child meanwhile.
void wait_for_keeper(pid_t keeper) {
    const double end = now() + keeper_patience;
    while (waitpid(keeper, nullptr, WNOHANG) == 0) {
        if (now() > end) kill(keeper, SIGKILL);
        poll(nullptr, 0, 1);
    }
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
}

// A shell says 128 + N of a program that signal N has ended.
std::optional<int> signal_behind_shell(int exit_code) {
    if (exit_code <= 128 || exit_code > 128 + SIGTERM) return std::nullopt;
    return exit_code - 128;
}

}  // namespace

std::string mark_of_run() {
    return run_mark;
}

void set_mark_of_run() {
    run_mark = "BLACKBOX_RUN=" + std::to_string(getpid()) + ".";
}

std::string without_shell(const std::string& command) {
    bool simple = command.find_first_of(";&|()<>`\n") == std::string::npos;
    bool assigns = command.substr(0, command.find(' ')).find('=') != std::string::npos;
    return simple && !assigns && !command.starts_with("exec ") ? "exec " + command : command;
}

double now() {
    auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(since_start).count();
}

void let_pass(double seconds) {
    poll(nullptr, 0, static_cast<int>(seconds * 1000));
}

Process::Process(const std::string& command, const std::vector<std::string>& environment,
                 long long most_memory)
    : output_file_(anonymous_file()), most_memory_(most_memory) {
    static int count = 0;
    mark_ = run_mark + std::to_string(getpid()) + "." + std::to_string(++count) + ".";
    std::string line = without_shell(command);
    std::vector<char*> variables = {mark_.data()};
    for (const std::string& entry : environment)
        variables.push_back(const_cast<char*>(entry.c_str()));
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string name = std::string(*entry).substr(0, std::strcspn(*entry, "=") + 1);
        bool replaced = std::any_of(environment.begin(), environment.end(),
                                    [&](const std::string& own) { return own.starts_with(name); });
        if (!replaced) variables.push_back(*entry);
    }
    variables.push_back(nullptr);

    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        throw std::runtime_error("cannot connect to another process");
    for (int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
    keeper_ = start_keeper(
        {line, variables.data(), output_file_, settings().folder, settings().run_as, most_memory_},
        ends[1]);
    close(ends[1]);
    channel_ = ends[0];
    if (keeper_ < 0) throw std::runtime_error("cannot start another process");
    KeeperEvent first{};
    if (recv(channel_, &first, sizeof first, MSG_WAITALL) != sizeof first)
        throw std::runtime_error("cannot start another process");
    program_ = first.value;
    fcntl(channel_, F_SETFL, O_NONBLOCK);
    watch_group(program_);
}

Process::~Process() {
    stop();
    close(output_file_);
}

void Process::hear_keeper() {
    KeeperEvent event{};
    ssize_t count = 0;
    while ((count = recv(channel_, &event, sizeof event, 0)) == sizeof event) {
        if (event.kind == KeeperEvent::ended) wait_status_ = event.value;
        if (event.kind == KeeperEvent::too_much_memory)
            excess_ = "it used more than " + std::to_string(most_memory_ >> 30) + " GiB of memory";
        if (event.kind == KeeperEvent::too_many_processes) excess_ = "it started 1,500 processes";
    }
    if (count == 0 && !wait_status_ && excess_.empty()) {
        excess_ = "it killed the process that started it";
        end_marked(mark_);
    }
}

bool Process::running() {
    if (wait_status_ || !excess_.empty()) return false;
    if (channel_ >= 0) hear_keeper();
    if (!wait_status_ && excess_.empty()) return true;
    collect_complaints(output());
    return false;
}

bool Process::wait_for_end(double seconds) {
    const double end = now() + seconds;
    while (running()) {
        if (now() > end) return false;
        poll(nullptr, 0, 2);
    }
    return true;
}

void Process::signal(int number) {
    if (running()) kill(-program_, number);
}

void Process::stop() {
    if (channel_ < 0) return;
    signal(SIGTERM);
    // The second signal tells one of our servers to stop waiting for connections that we hold open.
    if (!wait_for_end(1.5)) signal(SIGTERM);
    if (!wait_for_end(1.5) && running()) kill(-program_, SIGKILL);
    wait_for_end(patience);
    close(std::exchange(channel_, -1));
    wait_for_keeper(keeper_);
    unwatch_group(program_);
}

std::vector<pid_t> Process::family() const {
    std::vector<pid_t> family;
    for (const Member& member : descendants_of(keeper_)) family.push_back(member.pid);
    return family;
}

std::optional<int> Process::exit_code() const {
    if (!wait_status_ || !WIFEXITED(*wait_status_)) return std::nullopt;
    return WEXITSTATUS(*wait_status_);
}

std::string Process::how_it_ended() const {
    if (!excess_.empty()) return "SIGKILL from the tests, because " + excess_;
    if (!wait_status_) return "still running";
    std::optional<int> behind_shell;
    if (WIFEXITED(*wait_status_)) {
        behind_shell = signal_behind_shell(WEXITSTATUS(*wait_status_));
        if (!behind_shell) return "exit code " + std::to_string(WEXITSTATUS(*wait_status_));
    }
    const int number = behind_shell.value_or(WTERMSIG(*wait_status_));
    return "signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

std::size_t Process::output_size() const {
    struct stat facts {};
    if (fstat(output_file_, &facts) != 0) return 0;
    return static_cast<std::size_t>(std::min<long long>(facts.st_size, most_output));
}

std::string Process::output() const {
    std::string text(output_size(), '\0');
    const ssize_t count = pread(output_file_, text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

std::optional<Usage> Process::usage() const {
    const std::vector<Member> members = descendants_of(keeper_);
    if (members.empty()) return std::nullopt;
    Usage total;
    for (const Member& member : members) {
        total.processor_seconds += member.processor_seconds;
        total.memory_bytes += member.memory_bytes;
        total.threads += member.threads;
        total.descriptors += entries_of("/proc/" + std::to_string(member.pid) + "/fd");
    }
    return total;
}

const std::string& sanitizer_complaints() {
    return complaints;
}
