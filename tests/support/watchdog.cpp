// The watchdog hears from the test process through a pipe. The kernel closes that pipe when the
// test process ends, however it ends, so the end of the pipe is the sign to clean up.
#include "watchdog.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

namespace {

int to_watchdog = -1;

struct Watched {
    std::set<pid_t> groups;
    std::set<std::filesystem::path> folders;
    std::string running_case;
};

// A message is one line. "+123" is a group to watch, "-123" one to watch no longer, "/some/folder"
// is to be removed in the end, and "=name" is the running case.
void note(Watched& watched, const std::string& line) {
    if (line.starts_with('+'))
        watched.groups.insert(static_cast<pid_t>(std::atoi(line.c_str() + 1)));
    else if (line.starts_with('-'))
        watched.groups.erase(static_cast<pid_t>(std::atoi(line.c_str() + 1)));
    else if (line.starts_with('='))
        watched.running_case = line.substr(1);
    else
        watched.folders.insert(line);
}

void clean_up(const Watched& watched) {
    for (pid_t group : watched.groups) kill(-group, SIGKILL);
    std::error_code ignored;  // the folder may already be gone, which is what we want
    for (const auto& folder : watched.folders) std::filesystem::remove_all(folder, ignored);
}

[[noreturn]] void keep_watch(int messages, pid_t test_process, int limit_seconds) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(limit_seconds);
    Watched watched;
    std::string pending;
    while (Clock::now() < end) {
        pollfd ready{messages, POLLIN, 0};
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (poll(&ready, 1, static_cast<int>(left.count()) + 1) <= 0) continue;
        char bytes[4096];
        ssize_t count = read(messages, bytes, sizeof bytes);
        if (count <= 0) {
            clean_up(watched);
            _exit(0);
        }
        pending.append(bytes, static_cast<std::size_t>(count));
        for (std::size_t newline; (newline = pending.find('\n')) != std::string::npos;) {
            note(watched, pending.substr(0, newline));
            pending.erase(0, newline + 1);
        }
    }
    std::fprintf(stderr,
                 "\nThe run took longer than %d s (--limit=SECONDS), so it was ended in the case\n"
                 "  %s\n",
                 limit_seconds, watched.running_case.c_str());
    kill(test_process, SIGKILL);
    clean_up(watched);
    _exit(1);
}

void tell(const std::string& line) {
    if (to_watchdog < 0) return;
    std::string message = line + "\n";
    // A pipe takes a short message whole. If the watchdog is gone, the message is lost.
    [[maybe_unused]] ssize_t written = write(to_watchdog, message.data(), message.size());
}

}  // namespace

void start_watchdog(int limit_seconds) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe for the watchdog");
    pid_t test_process = getpid();
    pid_t child = fork();
    if (child < 0) throw std::runtime_error("no process for the watchdog");
    if (child == 0) {
        close(ends[1]);
        setpgid(0, 0);  // out of reach of a Ctrl-C that is meant for the test process
        keep_watch(ends[0], test_process, limit_seconds);
    }
    close(ends[0]);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);  // a server must not hold the pipe open
    to_watchdog = ends[1];
}

void watch_group(pid_t group) {
    tell("+" + std::to_string(group));
}
void unwatch_group(pid_t group) {
    tell("-" + std::to_string(group));
}
void tell_watchdog_case(const std::string& name) {
    tell("=" + name);
}
void watch_folder(const std::filesystem::path& folder) {
    tell(std::filesystem::absolute(folder).string());
}
