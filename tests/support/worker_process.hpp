// The processes in which the supervisor has cases run, as it sees them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

struct Worker {
    pid_t pid = -1;
    int pipe = -1;
    std::string bytes;              // that have arrived, and are no complete message yet
    std::vector<std::size_t> todo;  // cases that have not begun
    std::optional<std::size_t> running;
    double since = 0;
    std::vector<std::string> reports;  // of the running case
    std::set<std::string> groups;
    std::set<std::string> folders;
};

// A new process that does the task, and nothing else. What it tells the supervisor arrives at
// `pipe`.
Worker start_worker(std::vector<std::size_t> todo,
                    const std::function<void(const std::vector<std::size_t>&)>& task);

// Ends the worker, with all that it has started and left behind. Returns how it ended.
std::string end_worker(Worker& worker);
