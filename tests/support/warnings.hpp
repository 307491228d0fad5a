// Catches what the code under test writes to standard error while this lives, which also keeps the
// tests' output clean.
#pragma once

#include <iostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>

class Warnings {
  public:
    Warnings() : previous_(std::cerr.rdbuf(text_.rdbuf())) {}
    ~Warnings() { std::cerr.rdbuf(previous_); }
    Warnings(const Warnings&) = delete;
    Warnings& operator=(const Warnings&) = delete;

    bool mention(std::string_view word) const {
        return text_.str().find(word) != std::string::npos;
    }
    bool empty() const { return text_.str().empty(); }

  private:
    std::ostringstream text_;
    std::streambuf* previous_;
};
