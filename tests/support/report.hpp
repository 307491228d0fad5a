// The text of a failure, for a student: what to type, what was sent, what came back, what should
// have come and why. Only writes the text. Judges nothing and prints nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "text.hpp"

struct Failure {
    std::string expected;
    std::string got;
    std::string why;                      // the rule, with its RFC section
    std::string hint;                     // the usual mistake, in plain words
    std::size_t sent_mark = no_mark;      // the byte of the request that matters
    std::size_t received_mark = no_mark;  // the byte of the reply that is wrong
};

// The whole report, or only what was expected and what came.
enum class Detail { all, verdict };

std::string report(const Exchange& exchange, const Failure& failure, Detail detail);

// What became of an exchange, in a few words: "status 200", "no reply: the server closed the
// connection", "signal 11 (...) after these bytes: ...".
std::string outcome(const Exchange& exchange);

// A shell command that sends the same bytes, with curl where curl can, else with printf into nc. It
// sends them in the same pieces if there are only a few.
std::string shell_line(std::string_view sent, const std::vector<std::size_t>& cuts = {});
