// doctest keeps its list of cases to itself, but shows it to a reporter that it asks to list them.
// One case is then run by its position in that list.
#include "plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <tuple>

#include "quiet_reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

Plan listed;

// Takes the number at the start of `text` off it, with what separates it from the next word.
int take_number(std::string& text) {
    std::size_t end = 0;
    int number = 0;
    for (; end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])); ++end)
        number = number * 10 + (text[end] - '0');
    while (end < text.size() && !std::isalnum(static_cast<unsigned char>(text[end]))) ++end;
    text.erase(0, end);
    return number;
}

// "level2 / 3 fields" is level 2, stage 3, "fields"; "level 2 program" is in no stage.
void read_suite(Case& one) {
    std::string rest = one.suite;
    if (rest.starts_with("level")) rest.erase(0, rest.starts_with("level ") ? 6 : 5);
    one.level = take_number(rest);
    if (one.level == 0) one.level = settings().level;
    one.stage = take_number(rest);
    one.stage_name = rest;
}

// Collects what doctest lists.
struct Lister : QuietReporter {
    explicit Lister(const doctest::ContextOptions&) {}

    void report_query(const doctest::QueryData& query) override {
        for (unsigned i = 0; i < query.num_data; ++i) {
            const doctest::TestCaseData& test = *query.data[i];
            Case one;
            one.number = i + 1;
            one.name = test.m_name;
            one.suite = test.m_test_suite;
            one.duty = test.m_description == nullptr ? "" : test.m_description;
            one.where = test.m_file.c_str() + (":" + std::to_string(test.m_line));
            one.waits = test.m_timeout > 0;
            one.hidden = contains(one.duty, "hidden");
            read_suite(one);
            listed.push_back(one);
        }
    }
};

DOCTEST_REGISTER_REPORTER("lister", 1, Lister);

void apply_flags(doctest::Context& context) {
    const std::vector<char*>& flags = settings().doctest_flags;
    context.applyCommandLine(static_cast<int>(flags.size()), flags.data());
}

bool has_all_words(const Case& one, const std::string& wanted) {
    for (const std::string& word : split(wanted, ' '))
        if (!contains(lower(one.name), word)) return false;
    return true;
}

// The case of that name, else those with the words in this order, else in any.
void choose(Plan& plan, const std::string& words) {
    const std::string wanted = lower(words);
    const auto keep_if = [&](auto&& test) {
        if (std::none_of(plan.begin(), plan.end(), test)) return false;
        std::erase_if(plan, [&](const Case& one) { return !test(one); });
        return true;
    };
    if (keep_if([&](const Case& one) { return lower(one.name) == wanted; })) return;
    if (keep_if([&](const Case& one) { return contains(lower(one.name), wanted); })) return;
    std::erase_if(plan, [&](const Case& one) { return !has_all_words(one, wanted); });
}

}  // namespace

Plan make_plan() {
    doctest::Context context;
    apply_flags(context);
    context.addFilter("reporters", "lister");
    const char* list[] = {"", "--list-test-cases"};  // isn't an option that setOption() knows
    context.applyCommandLine(2, list);
    context.run();
    Plan plan = listed;
    std::erase_if(plan, [](const Case& one) { return one.level > settings().level; });
    if (!settings().case_words.empty()) choose(plan, settings().case_words);
    std::stable_sort(plan.begin(), plan.end(), [](const Case& a, const Case& b) {
        const int last = INT_MAX;  // what is in no stage comes after the stages
        return std::tuple(a.level, a.stage ? a.stage : last) <
               std::tuple(b.level, b.stage ? b.stage : last);
    });
    return plan;
}

void run_case(const Case& one) {
    doctest::Context context;
    apply_flags(context);
    context.addFilter("reporters", "examiner");
    context.setOption("first", static_cast<int>(one.number));
    context.setOption("last", static_cast<int>(one.number));
    context.run();
}
