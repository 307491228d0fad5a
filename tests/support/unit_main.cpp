// The main() of the unit tests. doctest runs the cases, and we count them, because a filter that
// matches none is a mistake here (doctest itself would call it a success).
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>

#include "quiet_reporter.hpp"

namespace {

struct Counter : QuietReporter {
    static inline unsigned ran = 0;
    static inline unsigned failed = 0;

    explicit Counter(const doctest::ContextOptions&) {}
    void test_run_end(const doctest::TestRunStats& run) override {
        ran = run.numTestCasesPassingFilters;
        failed = run.numTestCasesFailed;
    }
};

DOCTEST_REGISTER_LISTENER("counter", 1, Counter);

}  // namespace

int main(int argc, char** argv) {
    doctest::Context context(argc, argv);
    const int result = context.run();
    if (context.shouldExit()) return result;
    std::cout << Counter::ran - Counter::failed << " passed, " << Counter::failed << " failed\n";
    return Counter::ran == 0 ? 1 : result;
}
