// Both ends of the pipe between a worker and the supervisor. What a worker calls, in order to tell
// the supervisor something, is declared in supervisor.hpp.
#include "worker_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "process.hpp"
#include "settings.hpp"
#include "supervisor.hpp"
#include "user.hpp"

namespace {

constexpr double longest_goodbye = 1.0;

int channel = -1;  // in a worker: to the supervisor

std::string in_words(int status) {
    if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
    const int number = WTERMSIG(status);
    return "signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

}  // namespace

Worker start_worker(std::vector<std::size_t> todo,
                    const std::function<void(const std::vector<std::size_t>&)>& task) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe for another process");
    for (int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
    Worker worker;
    worker.pid = fork();
    if (worker.pid < 0) throw std::runtime_error("no other process can be started");
    if (worker.pid == 0) {
        // A Ctrl-C and the like are the supervisor's business.
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
        // Test files go where the links of a submission point.
        if (!settings().run_as.empty()) use_files_as(settings().run_as);
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        close(ends[0]);
        channel = ends[1];
        task(todo);
        _exit(0);
    }
    close(ends[1]);
    worker.pipe = ends[0];
    worker.todo = std::move(todo);
    worker.since = now();
    return worker;
}

std::string end_worker(Worker& worker) {
    int status = 0;
    pid_t ended = 0;
    const bool done = !worker.running && worker.todo.empty();
    const double until = now() + (done ? longest_goodbye : 0);
    while ((ended = waitpid(worker.pid, &status, WNOHANG)) == 0 && now() < until) let_pass(0.01);
    if (ended == 0) {
        kill(worker.pid, SIGKILL);
        waitpid(worker.pid, &status, 0);
    }
    close(worker.pipe);
    for (const std::string& group : worker.groups) kill(-std::stoi(group), SIGKILL);
    std::error_code ignored;  // the folder may already be gone, which is what we want
    for (const std::string& folder : worker.folders) std::filesystem::remove_all(folder, ignored);
    return in_words(status);
}

void tell_supervisor(const Message& message) {
    send_message(channel, message);
}
void watch_group(pid_t group) {
    tell_supervisor({Message::group, {std::to_string(group)}});
}
void unwatch_group(pid_t group) {
    tell_supervisor({Message::no_group, {std::to_string(group)}});
}
void watch_folder(const std::filesystem::path& folder) {
    tell_supervisor({Message::folder, {std::filesystem::absolute(folder).string()}});
}
