// Starting, watching and ending a program with POSIX calls.
// Processor time and memory come from Linux's /proc. Where it is missing, they are not measured.
#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "file_content.hpp"
#include "text.hpp"
#include "watchdog.hpp"

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

struct ProcessTimes {
    pid_t group = 0;
    double processor_seconds = 0;
};

// Reads the fields of /proc/PID/stat after the name, which is in parentheses and may hold anything.
std::optional<ProcessTimes> times_of(const std::filesystem::path& process) {
    std::string text = file_content(process / "stat");
    std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::vector<std::string> fields = split(text.substr(std::min(name_end + 2, text.size())), ' ');
    if (fields.size() < 13) return std::nullopt;
    auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    return ProcessTimes{static_cast<pid_t>(std::atoi(fields[2].c_str())),
                        (std::atof(fields[11].c_str()) + std::atof(fields[12].c_str())) / ticks};
}

// A number from /proc/PID/status, such as that of "RssAnon:"; 0 if it is missing.
long long status_of(const std::filesystem::path& process, std::string_view name) {
    std::ifstream file(process / "status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name)) return std::atoll(line.c_str() + name.size());
    return 0;
}

int entries_of(const std::filesystem::path& folder) {
    std::error_code error;
    int count = 0;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        ++count;
    return count;
}

[[noreturn]] void become(const std::string& command, char** environment, int output) {
    setpgid(0, 0);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(output, 1);
    dup2(output, 2);
    // The program must begin with the defaults. We ignore the first, and a shell that starts us in
    // the background has us ignore the second.
    for (const int number : {SIGPIPE, SIGINT}) ::signal(number, SIG_DFL);
    execle("/bin/sh", "sh", "-c", command.c_str(), nullptr, environment);
    _exit(127);
}

}  // namespace

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

Process::Process(const std::string& command, const std::vector<std::string>& environment)
    : output_file_(anonymous_file()) {
    // Everything that allocates happens before fork().
    std::string line = without_shell(command);
    std::vector<char*> variables;
    for (const std::string& entry : environment)
        variables.push_back(const_cast<char*>(entry.c_str()));
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string name = std::string(*entry).substr(0, std::strcspn(*entry, "=") + 1);
        bool replaced = std::any_of(environment.begin(), environment.end(),
                                    [&](const std::string& own) { return own.starts_with(name); });
        if (!replaced) variables.push_back(*entry);
    }
    variables.push_back(nullptr);

    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("cannot start another process");
    if (pid_ == 0) become(line, variables.data(), output_file_);
    setpgid(pid_, pid_);  // here as well as in the child, because either may run first
    watch_group(pid_);
}

Process::~Process() {
    stop();
    close(output_file_);
}

bool Process::running() {
    if (wait_status_) return false;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
    wait_status_ = status;
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
    if (running()) kill(-pid_, number);
}

void Process::stop() {
    signal(SIGTERM);
    // The second signal tells one of our servers to stop waiting for connections that we hold open.
    if (!wait_for_end(1.5)) signal(SIGTERM);
    if (!wait_for_end(1.5)) signal(SIGKILL);
    wait_for_end(patience);
    kill(-pid_, SIGKILL);  // what the program itself may have left behind in its group
    unwatch_group(pid_);
}

std::optional<int> Process::exit_code() const {
    if (!wait_status_ || !WIFEXITED(*wait_status_)) return std::nullopt;
    return WEXITSTATUS(*wait_status_);
}

std::string Process::how_it_ended() const {
    if (!wait_status_) return "still running";
    if (WIFEXITED(*wait_status_)) return "exit code " + std::to_string(WEXITSTATUS(*wait_status_));
    int number = WTERMSIG(*wait_status_);
    return "signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

std::size_t Process::output_size() const {
    struct stat facts {};
    return fstat(output_file_, &facts) == 0 ? static_cast<std::size_t>(facts.st_size) : 0;
}

std::string Process::output() const {
    std::string text;
    char bytes[4096];
    while (true) {
        ssize_t count = pread(output_file_, bytes, sizeof bytes, static_cast<off_t>(text.size()));
        if (count <= 0) return text;
        text.append(bytes, static_cast<std::size_t>(count));
    }
}

std::optional<Usage> Process::usage() const {
    Usage total;
    bool found = false;
    std::error_code error;  // processes come and go while we look
    for (std::filesystem::directory_iterator entry("/proc", error), end; entry != end && !error;
         entry.increment(error)) {
        std::string name = entry->path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::optional<ProcessTimes> times = times_of(entry->path());
        if (!times || times->group != pid_) continue;
        found = true;
        total.processor_seconds += times->processor_seconds;
        total.memory_bytes += status_of(entry->path(), "RssAnon:") * 1024;
        total.threads += static_cast<int>(status_of(entry->path(), "Threads:"));
        total.descriptors += entries_of(entry->path() / "fd");
    }
    if (!found) return std::nullopt;
    return total;
}

const std::string& sanitizer_complaints() {
    return complaints;
}
