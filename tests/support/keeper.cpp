// The limits are looked at five times a second, rather than set as rlimits, because those count one
// process only, or the whole user, and break servers that reserve a lot of address space.
#include "keeper.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "process_tree.hpp"
#include "user.hpp"

namespace {

// A server may fork a process for each of a thousand clients.
constexpr std::size_t most_processes = 1'500;
constexpr long between_looks_ns = 200'000'000;

// Connections and pipes of the tests would stay open as long as we live.
void close_all_but(int first, int second) {
    std::vector<int> open_now;
    DIR* folder = opendir("/dev/fd");
    if (folder == nullptr) return;
    while (const dirent* entry = readdir(folder)) {
        const int descriptor = std::atoi(entry->d_name);
        if (descriptor > 2 && descriptor != first && descriptor != second)
            open_now.push_back(descriptor);
    }
    closedir(folder);
    for (int descriptor : open_now) close(descriptor);
}

[[noreturn]] void run(const Command& command, const sigset_t& signals) {
    setpgid(0, 0);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(command.output, 1);
    dup2(command.output, 2);
    if (!command.folder.empty() && chdir(command.folder.c_str()) != 0) _exit(126);
    if (!command.run_as.empty()) become(command.run_as);
    // The program must begin with the defaults, and what is ignored stays ignored in what is
    // started. We ignore some of these, a shell that starts us in the background has us ignore
    // SIGINT, and the keeper has a handler for SIGCHLD.
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD})
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &signals, nullptr);
    execle("/bin/sh", "sh", "-c", command.line.c_str(), nullptr, command.environment);
    _exit(127);
}

void tell(int channel, KeeperEvent::Kind kind, int value) {
    const KeeperEvent event{kind, value};
    // The tests may have stopped listening, and then it doesn't matter.
    [[maybe_unused]] ssize_t written = write(channel, &event, sizeof event);
}

[[noreturn]] void end_everything(pid_t program) {
    kill(-program, SIGKILL);
    end_descendants();
    _exit(0);
}

// What it printed beyond the limit takes no room: its file is cut, and grows back as a hole.
void cut_output(int file) {
    struct stat facts {};
    if (fstat(file, &facts) == 0 && facts.st_blocks * 512 > most_output) [[maybe_unused]]
        int cut = ftruncate(file, most_output);
}

void enforce_limits(pid_t program, const Command& command, int channel) {
    cut_output(command.output);
    const std::vector<Member> tree = descendants_of(getpid());
    long long memory = 0;
    for (const Member& member : tree) memory += member.memory_bytes;
    if (memory <= command.most_memory && tree.size() <= most_processes) return;
    tell(channel,
         memory > command.most_memory ? KeeperEvent::too_much_memory
                                      : KeeperEvent::too_many_processes,
         0);
    end_everything(program);
}

void do_nothing(int) {}

[[noreturn]] void keep(const Command& command, int channel) {
    setpgid(0, 0);  // out of reach of a Ctrl-C that is meant for the tests
    close_all_but(command.output, channel);
    adopt_orphans();
    // SIGCHLD is let in only while we wait, so that no end is missed.
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGCHLD, do_nothing);
    const pid_t program = fork();
    if (program == 0) run(command, before);
    setpgid(program, program);  // here as well as in the child, because either may run first
    tell(channel, KeeperEvent::started, program);
    while (true) {
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(channel, &readable);
        const timespec pause{0, between_looks_ns};
        if (pselect(channel + 1, &readable, nullptr, nullptr, &pause, &before) > 0)
            end_everything(program);
        int status = 0;
        for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
            if (ended == program) tell(channel, KeeperEvent::ended, status);
        enforce_limits(program, command, channel);
    }
}

}  // namespace

pid_t start_keeper(const Command& command, int channel) {
    const pid_t keeper = fork();
    if (keeper == 0) keep(command, channel);
    return keeper;
}
