// How far a run in order (--next) has come, in a line or two.
#pragma once

#include <string>

#include "book.hpp"

// "level 2  [####....]  stage 3 of 8 (fields)  31 of 56 cases", and what comes next.
std::string progress(const Book& book);
