// Catches what the code under test prints while a Warnings exists, which also keeps the tests'
// output clean.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "../../common/output.hpp"

class Warnings {
  public:
    Warnings() {
        set_output({[this](Stream, std::string_view line) { add(line); }});
    }
    ~Warnings() { set_output({}); }
    Warnings(const Warnings&) = delete;
    Warnings& operator=(const Warnings&) = delete;

    bool mention(std::string_view word) const {
        const std::lock_guard lock(mutex_);
        return text_.find(word) != std::string::npos;
    }
    bool empty() const {
        const std::lock_guard lock(mutex_);
        return text_.empty();
    }

  private:
    void add(std::string_view line) {
        const std::lock_guard lock(mutex_);
        text_.append(line).append("\n");
    }

    mutable std::mutex mutex_;
    std::string text_;
};
