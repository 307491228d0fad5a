// What a process does that runs cases: one after another, against a server that it starts. After a
// case that has failed, it looks whether the server still answers.
#pragma once

#include <cstddef>
#include <vector>

#include "plan.hpp"

// Runs these cases of the plan, and tells the supervisor about each.
void run_cases(const Plan& plan, const std::vector<std::size_t>& cases);

// Runs the command of --server to its end, or until the limit, as a server is run. Tells the
// supervisor how it ended, in one line, and then what it has printed.
void run_once();

// Tells the supervisor what a server that answers nothing does and doesn't do.
void run_diagnosis();
