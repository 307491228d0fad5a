// A doctest listener that counts and a doctest reporter that prints. They are separate so that the
// count is right with any reporter (-r=junit). A case that checked nothing counts as failed.
#include "reporter.hpp"

#include <doctest/doctest.h>

#include <iostream>
#include <ostream>
#include <sstream>
#include <vector>

#include "process.hpp"
#include "quiet_reporter.hpp"
#include "settings.hpp"
#include "watchdog.hpp"

namespace {

enum class Verdict { passed, failed, skipped, checked_nothing };

// The case that is running; written by the cases and the listener, read by the reporter.
struct Current {
    std::string skip_reason;
    std::vector<std::string> remarks;
    Verdict verdict = Verdict::passed;
};

Current current;
Tally the_tally;

struct Counter : QuietReporter {
    explicit Counter(const doctest::ContextOptions&) {}

    void test_case_start(const doctest::TestCaseData&) override { current = Current(); }

    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        if (!stats.testCaseSuccess)
            current.verdict = Verdict::failed;
        else if (!current.skip_reason.empty())
            current.verdict = Verdict::skipped;
        else if (stats.numAssertsCurrentTest == 0)
            current.verdict = Verdict::checked_nothing;
        if (current.verdict == Verdict::passed)
            ++the_tally.passed;
        else if (current.verdict == Verdict::skipped)
            ++the_tally.skipped;
        else
            ++the_tally.failed;
    }
};

class Printer : public QuietReporter {
  public:
    // Prints to the terminal, even if another reporter writes to a file (-r=junit -o=report.xml).
    explicit Printer(const doctest::ContextOptions&) : out_(std::cout) {}

    void report_query(const doctest::QueryData& query) override {
        for (unsigned i = 0; i < query.num_data; ++i)
            out_ << query.data[i]->m_test_suite << ": " << query.data[i]->m_name << "\n";
    }

    void test_case_start(const doctest::TestCaseData& test) override {
        name_ = test.m_name;
        started_ = now();
        reports_ = 0;
        tell_watchdog_case(name_);
        if (suite_ != test.m_test_suite) out_ << "\n" << test.m_test_suite << "\n";
        suite_ = test.m_test_suite;
    }

    void log_assert(const doctest::AssertData& assertion) override {
        if (!assertion.m_failed) return;
        std::ostringstream text;
        for (int i = 0; i < get_num_active_contexts(); ++i) {
            get_active_contexts()[i]->stringify(&text);
            text << "\n";
        }
        if (text.str().empty())
            text << assertion.m_expr << " is false: " << assertion.m_decomp.c_str() << "\nat "
                 << assertion.m_file << ":" << assertion.m_line << "\n";
        print_failure(text.str());
    }

    void log_message(const doctest::MessageData& message) override {
        print_failure(message.m_string.c_str());
    }

    void test_case_exception(const doctest::TestCaseException& exception) override {
        print_failure(exception.error_string.c_str());
    }

    void test_case_end(const doctest::CurrentTestCaseStats&) override {
        switch (current.verdict) {
            case Verdict::passed: print_line(doctest::Color::Green, "ok", duration()); break;
            case Verdict::skipped:
                print_line(doctest::Color::Yellow, "skip", ": " + current.skip_reason);
                break;
            case Verdict::failed:
                if (reports_ > most_reports)
                    out_ << "        ... and " << reports_ - most_reports << " more like this\n\n";
                break;
            case Verdict::checked_nothing:
                print_failure("The case ran, but it checked nothing.");
                break;
        }
        for (const std::string& text : current.remarks) out_ << "        " << text << "\n";
        out_.flush();
    }

  private:
    static constexpr int most_reports = 3;  // of one case, because a table may fail in every row

    void print_line(doctest::Color::Enum color, const std::string& word, const std::string& tail) {
        out_ << "  " << color << word << doctest::Color::None << std::string(6 - word.size(), ' ')
             << name_ << tail << "\n";
    }

    std::string duration() const {
        double seconds = now() - started_;
        if (seconds < 0.5) return "";
        std::ostringstream text;
        text.precision(1);
        text << std::fixed << "  (" << seconds << " s)";
        return text.str();
    }

    void print_failure(const std::string& text) {
        if (++reports_ == 1) print_line(doctest::Color::Red, "FAIL", "");
        if (reports_ > most_reports) return;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) out_ << "        " << line << "\n";
        out_ << "\n";
        out_.flush();
    }

    std::ostream& out_;
    std::string suite_;
    std::string name_;
    double started_ = 0;
    int reports_ = 0;
};

DOCTEST_REGISTER_LISTENER("counter", 1, Counter);
DOCTEST_REGISTER_REPORTER("blackbox", 1, Printer);

}  // namespace

const Tally& tally() {
    return the_tally;
}

bool skip(const std::string& reason) {
    current.skip_reason = reason;
    return true;
}

bool outgrown(int level, const std::string& reason) {
    if (settings().level < level) return false;
    return skip(reason);
}

bool lacks_public_folder() {
    if (!settings().public_folder.empty()) return false;
    return skip("it puts files where the server serves them, which needs --public=DIR");
}

bool lacks_program() {
    if (!settings().program.empty()) return false;
    return skip(
        "it is about the flags of this repository's own server, which needs --program=PATH");
}

void remark(const std::string& text) {
    current.remarks.push_back(text);
}
