// The descendants of a process, read from Linux's /proc: what they cost, and how to end them all.
// Where there is no /proc (macOS), nothing is found.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

struct Member {
    pid_t pid = 0;
    pid_t parent = 0;
    double processor_seconds = 0;
    long long memory_bytes = 0;  // resident, without the pages of files
    int threads = 0;
};

// All descendants of `root`, each after its parent; `root` itself isn't among them.
std::vector<Member> descendants_of(pid_t root);

// Orphans among our descendants become our children, wherever they were started, so that a program
// can't escape by forking twice.
void adopt_orphans();

// Ends all descendants of the calling process, also those that are being started meanwhile.
void end_descendants();

// Ends all processes that were started with a variable in their environment that begins with `mark`
// ("NAME=value").
void end_marked(const std::string& mark);
