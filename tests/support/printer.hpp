// What a run prints on the terminal: a line per case, a report per failure, and at the end what
// failed, how to run it alone, and the count.
#pragma once

#include <string>

#include "book.hpp"

class Printer {
  public:
    // One case that has ended.
    void print(const Case& one, const Result& result);

  private:
    std::string suite_;
};

// The cases, without running them.
void print_list(const Plan& plan);
// What the end of the run looks like.
void print_summary(const Book& book);
