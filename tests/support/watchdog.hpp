// A second process that cleans up when this one cannot: after a crash, a kill -9, or a hang.
// It ends the servers' process groups and removes the test files. In a normal run it does nothing.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

// Starts it. After `limit_seconds` it ends the whole run.
void start_watchdog(int limit_seconds);

// What it cleans up: the groups that are still watched by then, and these folders.
void watch_group(pid_t group);
void unwatch_group(pid_t group);
void watch_folder(const std::filesystem::path& folder);

// Tells it which case is running, so that it can name the case if the run takes too long.
void tell_watchdog_case(const std::string& name);
