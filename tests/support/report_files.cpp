// A report is written beside its file, and then takes its place, so that no reader sees half of
// one. A file that isn't a regular one, such as /dev/stdout, is written once, when the run is over.
#include "report_files.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "settings.hpp"
#include "text.hpp"

namespace {

constexpr std::string_view never_started = "It was started as: ";  // server_process.cpp says so

std::string number(double value, int digits) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(digits) << value;
    return text.str();
}

// What a server printed may be any bytes. Neither XML nor JSON may hold what isn't UTF-8, and XML
// has no way to write some characters at all.
std::string xml(const std::string& text) {
    std::string result;
    for (char c : readable(text)) {
        if (c == '&')
            result += "&amp;";
        else if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else if (c == '"')
            result += "&quot;";
        else if (c == '\n')
            result += "&#10;";
        else if (c == '\t')
            result += "&#9;";
        else
            result += c;
    }
    return result;
}

std::string json(const std::string& text) {
    std::string result;
    for (char c : readable(text)) {
        if (c == '"' || c == '\\')
            result += std::string("\\") + c;
        else if (c == '\n')
            result += "\\n";
        else if (c == '\t')
            result += "\\t";
        else
            result += c;
    }
    return "\"" + result + "\"";
}

const char* name_of(RunEnd end) {
    switch (end) {
        case RunEnd::complete: break;
        case RunEnd::time_up: return "time is up";
        case RunEnd::interrupted: return "interrupted";
        case RunEnd::unanswered: return "unanswered";
        case RunEnd::first_failure: return "first failure";
    }
    return "complete";
}

std::string all_reports(const Result& result) {
    std::string text;
    for (const std::string& report : result.reports) text += report + "\n";
    for (const std::string& remark : result.remarks) text += remark + "\n";
    return text;
}

std::string counts_of(const std::vector<const Result*>& results) {
    int failed = 0, skipped = 0;
    double seconds = 0;
    for (const Result* result : results) {
        if (result->verdict == Verdict::failed) ++failed;
        if (result->verdict == Verdict::skipped || result->verdict == Verdict::not_run) ++skipped;
        seconds += result->seconds;
    }
    return " tests=\"" + std::to_string(results.size()) + "\" failures=\"" +
           std::to_string(failed) + "\" errors=\"0\" skipped=\"" + std::to_string(skipped) +
           "\" time=\"" + number(seconds, 3) + "\"";
}

std::string junit_case(const Case& one, const Result& result) {
    std::string text = "    <testcase classname=\"" + xml(one.suite) + "\" name=\"" +
                       xml(one.name) + "\" time=\"" + number(result.seconds, 3) + "\"";
    switch (result.verdict) {
        case Verdict::passed: return text + "/>\n";
        case Verdict::skipped:
            text += ">\n      <skipped message=\"" + xml(result.skip_reason) + "\"/>";
            break;
        case Verdict::not_run: text += ">\n      <skipped message=\"not run\"/>"; break;
        case Verdict::failed:
            const std::string first = result.reports.empty() ? "" : result.reports.front();
            const std::size_t expected = first.find("expected  ");
            const std::size_t from = expected == std::string::npos ? 0 : expected;
            text += ">\n      <failure message=\"" + xml(split(first.substr(from), '\n').front()) +
                    "\">" + xml(all_reports(result)) + "</failure>";
            break;
    }
    return text + "\n    </testcase>\n";
}

std::string junit(const Book& book) {
    std::vector<std::string> order;
    std::map<std::string, std::string> cases;
    std::map<std::string, std::vector<const Result*>> results;
    std::vector<const Result*> all;
    for (std::size_t i = 0; i < book.plan.size(); ++i) {
        const std::string& suite = book.plan[i].suite;
        if (results[suite].empty()) order.push_back(suite);
        cases[suite] += junit_case(book.plan[i], book.results[i]);
        results[suite].push_back(&book.results[i]);
        all.push_back(&book.results[i]);
    }
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"level " +
                       std::to_string(settings().level) + "\"" + counts_of(all) + ">\n";
    for (const std::string& suite : order) {
        text += "  <testsuite name=\"" + xml(suite) + "\"" + counts_of(results[suite]) + ">\n" +
                "    <properties><property name=\"seed\" value=\"" +
                std::to_string(settings().seed) + "\"/></properties>\n" + cases[suite] +
                "  </testsuite>\n";
    }
    return text + "</testsuites>\n";
}

// One entry of Gradescope's "tests".
std::string gradescope_case(const Case& one, const Result& result, double worth) {
    const bool passed = result.verdict == Verdict::passed;
    std::string output = all_reports(result);
    if (result.verdict == Verdict::skipped) output = "skipped: " + result.skip_reason;
    if (result.verdict == Verdict::not_run) output = "not run";
    std::string text = "    {\"name\": " + json(one.suite + ": " + one.name) +
                       ", \"score\": " + number(passed ? worth : 0, 4) +
                       ", \"max_score\": " + number(worth, 4);
    if (result.verdict != Verdict::skipped)
        text += std::string(", \"status\": ") + (passed ? "\"passed\"" : "\"failed\"");
    if (!one.duty.empty()) text += ", \"tags\": [" + json(one.duty) + "]";
    text += std::string(", \"visibility\": ") + (one.hidden ? "\"hidden\"" : "\"visible\"");
    return text + ", \"output\": " + json(output) + "}";
}

// What Gradescope passes on, and `make grade` reads: how the run ended, and what the server did.
std::string extra_data(const Book& book) {
    int crashes = 0;
    bool started = false;
    for (const Result& result : book.results) {
        if (result.crashed) ++crashes;
        if (result.verdict == Verdict::passed) started = true;
        for (const std::string& report : result.reports)
            if (!contains(report, never_started)) started = true;
    }
    return "{\"end\": " + json(name_of(book.end)) + ", \"crashes\": " + std::to_string(crashes) +
           ", \"started\": " + (started ? "true" : "false") + "}";
}

std::string gradescope(const Book& book) {
    const std::vector<double> worth = points(book);
    double score = 0;
    std::string tests;
    for (std::size_t i = 0; i < book.plan.size(); ++i) {
        if (book.results[i].verdict == Verdict::passed) score += worth[i];
        tests += (i == 0 ? "" : ",\n") + gradescope_case(book.plan[i], book.results[i], worth[i]);
    }
    return "{\n  \"score\": " + number(score, 2) +
           ",\n  \"execution_time\": " + number(book.seconds, 1) + ",\n  \"output\": " +
           json(count_line(tally(book)) + ", seed " + std::to_string(settings().seed)) +
           ",\n  \"extra_data\": " + extra_data(book) + ",\n  \"tests\": [\n" + tests +
           "\n  ]\n}\n";
}

}  // namespace

void write_report(const Book& book) {
    namespace fs = std::filesystem;
    const std::string& file = settings().report_file;
    if (settings().format.empty()) return;
    const bool replaceable = !fs::exists(file) || fs::is_regular_file(file);
    const bool over = book.seconds > 0;
    if (!replaceable && !over) return;
    const std::string beside = replaceable ? file + ".new" : file;
    std::ofstream out(beside, std::ios::binary);
    out << (settings().format == "junit" ? junit(book) : gradescope(book));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file);
    if (replaceable) fs::rename(beside, file);
}
