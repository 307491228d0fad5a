// Walks /proc. Processes come and go meanwhile, so whatever can't be read is left out.
#include "process_tree.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "file_content.hpp"
#include "text.hpp"

namespace {

namespace fs = std::filesystem;

// The entries of a folder whose names are numbers: of processes, or of threads.
std::vector<pid_t> numbers_in(const fs::path& path) {
    std::vector<pid_t> numbers;
    std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
    if (!folder) return numbers;
    while (const dirent* entry = readdir(folder.get())) {
        std::string_view name = entry->d_name;
        pid_t pid = 0;
        auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc() && end == name.data() + name.size()) numbers.push_back(pid);
    }
    return numbers;
}

fs::path folder_of(pid_t pid) {
    return fs::path("/proc") / std::to_string(pid);
}

// /proc/PID/statm counts pages: all, resident, and those of the resident that files stand behind.
long long memory_of(pid_t pid) {
    std::istringstream numbers(file_content(folder_of(pid) / "statm"));
    long long size = 0, resident = 0, of_files = 0;
    numbers >> size >> resident >> of_files;
    return (resident - of_files) * sysconf(_SC_PAGESIZE);
}

// Each thread has its own list of the processes that it has started.
std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    for (const pid_t thread : numbers_in(folder_of(pid) / "task")) {
        const fs::path list = folder_of(pid) / "task" / std::to_string(thread) / "children";
        std::istringstream numbers(file_content(list));
        for (pid_t child = 0; numbers >> child;) children.push_back(child);
    }
    return children;
}

// The fields of /proc/PID/stat after the name, which is in parentheses and may hold anything.
std::optional<Member> member(pid_t pid) {
    const std::string text = file_content(folder_of(pid) / "stat");
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    const std::vector<std::string> fields =
        split(std::string_view(text).substr(std::min(name_end + 2, text.size())), ' ');
    if (fields.size() < 18 || fields[0] == "Z") return std::nullopt;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    Member facts;
    facts.pid = pid;
    facts.parent = static_cast<pid_t>(std::atoi(fields[1].c_str()));
    facts.processor_seconds =
        (std::atof(fields[11].c_str()) + std::atof(fields[12].c_str())) / ticks;
    facts.threads = std::atoi(fields[17].c_str());
    facts.memory_bytes = memory_of(pid);
    return facts;
}

void reap() {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
}

}  // namespace

std::vector<Member> descendants_of(pid_t root) {
    std::vector<Member> found;
    std::vector<pid_t> parents = {root};
    for (std::size_t i = 0; i < parents.size(); ++i) {
        for (const pid_t child : children_of(parents[i])) {
            parents.push_back(child);
            if (const auto facts = member(child)) found.push_back(*facts);
        }
    }
    return found;
}

void adopt_orphans() {
#ifdef __linux__
    prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

void end_descendants() {
    // First they are stopped, until no new one turns up. A program that forks faster than it is
    // killed would get away otherwise.
    std::set<pid_t> stopped;
    for (bool more = true; more;) {
        more = false;
        for (const Member& each : descendants_of(getpid()))
            if (stopped.insert(each.pid).second) more = kill(each.pid, SIGSTOP) == 0 || more;
    }
    for (pid_t pid : stopped) kill(pid, SIGKILL);
    for (int attempt = 0; attempt < 200; ++attempt) {
        reap();
        const std::vector<Member> left = descendants_of(getpid());
        if (left.empty()) return;
        for (const Member& each : left) kill(each.pid, SIGKILL);
        usleep(5'000);
    }
}

void end_marked(const std::string& mark) {
    for (const pid_t pid : numbers_in("/proc")) {
        if (pid == getpid()) continue;
        const std::string environment = '\0' + file_content(folder_of(pid) / "environ");
        if (contains(environment, '\0' + mark)) kill(pid, SIGKILL);
    }
}
