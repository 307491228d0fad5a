// The books of a run: each case and what became of it. Everything that is printed or written about
// a run is made from them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan.hpp"
#include "result.hpp"

// Why there are no more results.
enum class RunEnd { complete, time_up, interrupted, unanswered, first_failure };

struct Book {
    Plan plan;
    std::vector<Result> results;  // as many as cases; not_run as long as a case has not ended
    RunEnd end = RunEnd::complete;
    std::string diagnosis;                // after RunEnd::unanswered, or with --once
    std::vector<std::string> complaints;  // of sanitizers, about the servers
    double seconds = 0;
};

struct Tally {
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    int not_run = 0;
};

Tally tally(const Book& book);
std::string count_line(const Tally& tally);

// 0 if at least one case ran, none failed, and the run is complete; 130 after a Ctrl-C; else 1.
int exit_code(const Book& book);

// What each case is worth, by the file of --points. A stage's points are shared equally among those
// of its cases that weren't skipped. All 0 without the file. Throws std::runtime_error if it can't
// be read.
std::vector<double> points(const Book& book);
