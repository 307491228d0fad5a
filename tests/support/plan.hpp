// The cases of this run in the order in which they are tried: by level and then by stage, which is
// the order in which one can build a server. The stage of a case stands in its suite's name.
#pragma once

#include <string>
#include <vector>

struct Case {
    unsigned number = 0;  // doctest's: the how-manieth of those that pass its filters
    std::string name;
    std::string suite;  // "level2 / 3 fields"
    std::string duty;   // its doctest description: "MUST RFC 9112 §5.1"
    std::string where;  // "tests/level2/blackbox.cpp:40"
    int level = 0;
    int stage = 0;  // 0: in none, as with cases about our own program
    std::string stage_name;
    bool waits = false;   // mostly waits for a deadline, so it is run beside the others
    bool hidden = false;  // an instructor's: what it found is not printed
};

using Plan = std::vector<Case>;

// The cases that pass the filters of the settings.
Plan make_plan();

// Has doctest run this one case; its reporter in reporter.cpp takes down the result.
void run_case(const Case& one);
