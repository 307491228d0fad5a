// The only code that writes to the terminal during a run. Colours only where a person reads.
#include "printer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "progress.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

constexpr std::size_t most_reports = 3;  // of one case, because a table may fail in every row
constexpr std::size_t most_lines_of_next = 36;
constexpr std::size_t most_commands = 20;

enum class Colour { green = 32, red = 31, yellow = 33 };

std::string coloured(const std::string& word, Colour colour) {
    static const bool shown = isatty(STDOUT_FILENO) && std::getenv("NO_COLOR") == nullptr;
    if (!shown) return word;
    return "\x1b[" + std::to_string(static_cast<int>(colour)) + "m" + word + "\x1b[0m";
}

std::string in_seconds(double seconds) {
    if (seconds < 0.5) return "";
    std::ostringstream text;
    text << "  (" << std::fixed << std::setprecision(1) << seconds << " s)";
    return text.str();
}

// A text for one argument of a command that goes through make and a shell.
std::string quoted(const std::string& text) {
    std::string result;
    for (char c : text) {
        if (c == '\'')
            result += "'\\''";
        else if (c == '$')
            result += "$$";
        else
            result += c;
    }
    return "'" + result + "'";
}

std::vector<std::string> lines_of_reports(const Case& one, const Result& result) {
    std::vector<std::string> lines;
    if (one.hidden) return {"This case is hidden. What it found is in the report file only."};
    const std::size_t most = settings().next ? 1 : most_reports;
    for (std::size_t i = 0; i < std::min(most, result.reports.size()); ++i) {
        const std::string report =
            result.reports[i].substr(0, result.reports[i].find_last_not_of('\n') + 1);
        for (const std::string& line : split(report, '\n')) lines.push_back(readable(line));
        lines.emplace_back();
    }
    if (result.reports.size() > most)
        lines.push_back("... and " + std::to_string(result.reports.size() - most) +
                        " more like this");
    if (settings().next && lines.size() > most_lines_of_next) {
        lines.resize(most_lines_of_next);
        lines.emplace_back("...");
    }
    return lines;
}

// The make goal that has the case: test-level2, or exercise-2-1 for the suite "exercise 2-1".
std::string goal_of(const Case& one) {
    if (one.suite.starts_with("exercise ")) return "exercise-" + one.suite.substr(9);
    return "test-level" + std::to_string(settings().level);
}

std::string own_command(const Case& one) {
    std::string command = "make " + goal_of(one) + " CASE=" + quoted(one.name);
    if (settings().program.empty()) command += " SERVER=" + quoted(settings().server);
    if (settings().program.empty() && !settings().public_folder.empty())
        command += " PUBLIC=" + quoted(settings().public_folder);
    return command;
}

void print_failed_cases(const Book& book) {
    std::size_t failed = 0;
    for (std::size_t i = 0; i < book.plan.size(); ++i) {
        if (book.results[i].verdict != Verdict::failed || ++failed > most_commands) continue;
        if (failed == 1) std::cout << "\nThese failed. To run one alone:\n";
        std::cout << "  " << own_command(book.plan[i]) << "\n";
    }
    if (failed > most_commands) std::cout << "  ... and " << failed - most_commands << " more\n";
}

void print_end(const Book& book) {
    const Tally count = tally(book);
    const std::size_t cases = book.plan.size();
    switch (book.end) {
        case RunEnd::interrupted:
            std::cout << "\nstopped after " << cases - static_cast<std::size_t>(count.not_run)
                      << " of " << cases << "\n";
            break;
        case RunEnd::time_up:
            std::cout << "\nTime is up: the run has taken " << settings().limit_seconds
                      << " s (--limit=SECONDS). What had not ended by then was not run.\n";
            break;
        case RunEnd::unanswered:
            std::cout << "\nThree cases in a row got not one byte from the server, so the rest was "
                         "not run.\n"
                      << readable(book.diagnosis);
            break;
        default: break;
    }
    for (const std::string& complaint : book.complaints)
        std::cout << "\nA sanitizer complained about the server:\n" << readable(complaint) << "\n";
    if (count.passed + count.failed == 0 && book.end == RunEnd::complete)
        std::cout << "\nNo case ran. None matches the filter, or all were skipped.\n";
}

}  // namespace

void Printer::print(const Case& one, const Result& result) {
    const bool failed = result.verdict == Verdict::failed;
    if (!failed && (settings().brief || settings().next)) return;
    if (suite_ != one.suite) std::cout << "\n" << one.suite << "\n";
    suite_ = one.suite;
    const std::string tail =
        result.verdict == Verdict::skipped ? ": " + result.skip_reason : in_seconds(result.seconds);
    if (failed)
        std::cout << "  " << coloured("FAIL", Colour::red) << "  ";
    else if (result.verdict == Verdict::skipped)
        std::cout << "  " << coloured("skip", Colour::yellow) << "  ";
    else
        std::cout << "  " << coloured("ok", Colour::green) << "    ";
    std::cout << one.name << (failed ? "" : tail) << "\n";
    const std::string indent(8, ' ');
    if (failed)
        for (const std::string& line : lines_of_reports(one, result))
            std::cout << (line.empty() ? "" : indent) << line << "\n";
    for (const std::string& remark : result.remarks)
        for (const std::string& line : split(readable(remark), '\n'))
            std::cout << indent << line << "\n";
    std::cout.flush();
}

void print_list(const Plan& plan) {
    for (const Case& one : plan)
        std::cout << one.suite << ": " << one.name
                  << (one.duty.empty() ? "" : "  [" + one.duty + "]") << "\n";
}

void print_summary(const Book& book) {
    print_end(book);
    if (settings().next && book.end != RunEnd::interrupted) {
        std::cout << "\n" << progress(book) << std::flush;
        return;
    }
    print_failed_cases(book);
    std::cout << "\n" << count_line(tally(book)) << std::endl;
}
