// The process that the user has started. It has other processes run the cases, keeps the books, and
// lives through whatever happens to them, so that there is always a result: each case has a
// deadline, and so has the run. A case that hangs, or that ends the process it runs in, costs that
// case only.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "book.hpp"

// Runs the cases of book.plan and writes down the results. Prints them as they come.
void supervise(Book& book);

// Runs the command of --server once, as a server is run, and writes down how it ended and what it
// has printed, in book.diagnosis.
void supervise_once(Book& book);

// The rest is called in the processes that run the cases.

void tell_supervisor(const Message& message);

// What the supervisor removes if the process that runs the cases can't: groups that are still
// watched by then, and folders.
void watch_group(pid_t group);
void unwatch_group(pid_t group);
void watch_folder(const std::filesystem::path& folder);
