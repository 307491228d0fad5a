// What the run prints: a line per case, a report per failure, the count at the end.
// Also here: how a case says that it is skipped, because the count must know.
#pragma once

#include <string>

struct Tally {
    int passed = 0;
    int failed = 0;
    int skipped = 0;
};

const Tally& tally();

// Each returns true, and marks the case that is running as skipped with the reason, when the case
// cannot be tried: `if (lacks_public_folder()) return;` at its head.

// For a case of an early level that no longer holds from `level` on.
bool outgrown(int level, const std::string& reason);
bool lacks_public_folder();
bool lacks_program();

// For any other reason.
bool skip(const std::string& reason);

// A remark below the line of the case that is running, such as the reason for leaving a part out.
void remark(const std::string& text);
