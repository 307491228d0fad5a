// What became of a case, and the messages in which the process that runs the cases tells it to the
// one that keeps the books (see supervisor.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

enum class Verdict { not_run, passed, failed, skipped };

struct Result {
    Verdict verdict = Verdict::not_run;
    double seconds = 0;
    std::string skip_reason;           // also why it was not run
    std::vector<std::string> reports;  // one for each failure, for a student
    std::vector<std::string> remarks;
    bool unanswered = false;  // it asked, and the server sent not one byte
    bool crashed = false;     // the server died of it
};

// A message is a kind and some texts.
struct Message {
    enum Kind : char {
        begins = 'b',     // a case: its index in the plan
        failure = 'r',    // one failure of the running case
        ends = 'e',       // the running case: a result, see to_message()
        group = '+',      // a process group that must not outlive us
        no_group = '-',   // it has ended
        folder = '/',     // a folder that must not outlive us
        complaint = 's',  // of a sanitizer
        says = 't',       // a text to print at the end
    };
    Kind kind = says;
    std::vector<std::string> texts;
};

// To the other process; see supervisor.hpp. Ends this process if there is none any more.
void send_message(int channel, const Message& message);
// Takes the first message off the bytes that have arrived; nothing if it isn't complete.
std::optional<Message> take_message(std::string& bytes);

Message to_message(const Result& result);  // without its reports, which are sent as they happen
Result to_result(const Message& message);
