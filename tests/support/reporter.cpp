// A doctest reporter that takes down what becomes of one case, and hands each failure to the
// supervisor at once, because the case may not live to its end. A case that checked nothing fails.
#include "reporter.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "process.hpp"
#include "quiet_reporter.hpp"
#include "settings.hpp"
#include "supervisor.hpp"

namespace {

Result current;
double started = 0;

void report_failure(const std::string& text) {
    tell_supervisor({Message::failure, {text}});
}

struct Examiner : QuietReporter {
    explicit Examiner(const doctest::ContextOptions&) {}

    void test_case_start(const doctest::TestCaseData&) override {
        current = Result();
        started = now();
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
        report_failure(text.str());
    }

    void log_message(const doctest::MessageData& message) override {
        report_failure(message.m_string.c_str());
    }

    void test_case_exception(const doctest::TestCaseException& exception) override {
        report_failure(exception.error_string.c_str());
    }

    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        current.seconds = now() - started;
        current.verdict = Verdict::passed;
        // doctest's own timeout() only marks a case that waits. How long it may take is for the
        // supervisor to say: a slow start or a busy machine is no fault of the server's.
        if ((stats.failure_flags & ~doctest::TestCaseFailureReason::Timeout) != 0) {
            current.verdict = Verdict::failed;
        } else if (!current.skip_reason.empty()) {
            current.verdict = Verdict::skipped;
        } else if (stats.numAssertsCurrentTest == 0) {
            current.verdict = Verdict::failed;
            report_failure("The case ran, but it checked nothing.");
        }
    }
};

DOCTEST_REGISTER_REPORTER("examiner", 1, Examiner);

}  // namespace

const Result& result_of_case() {
    return current;
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
