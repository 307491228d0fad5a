// How a case says that it is skipped, or remarks on something, and what became of the case that has
// just been run.
#pragma once

#include <string>

#include "result.hpp"

// What became of the case that doctest has just run.
const Result& result_of_case();

// If the running case cannot be tried, each of these marks it as skipped, with the reason, and
// returns true. Such a case begins with `if (lacks_public_folder()) return;`.

// For a case of an early level that no longer holds from `level` on.
bool outgrown(int level, const std::string& reason);
bool lacks_public_folder();
bool lacks_program();

// For any other reason.
bool skip(const std::string& reason);

// Prints a remark below the line of the running case, such as why a part of it was left out.
void remark(const std::string& text);
