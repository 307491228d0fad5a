// The reports for programs: JUnit's XML, and the results.json that Gradescope reads. Both are
// complete at any time, and grow case by case.
#pragma once

#include "book.hpp"

// Writes the file that the settings ask for, if any.
void write_report(const Book& book);
