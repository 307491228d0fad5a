// Counts, and shares out points. The file of points has a line for each stage of each level:
// "2 3 15" gives 15 points to stage 3 of level 2, and "2 before 10" gives 10 to the cases of the
// levels before it. Stages that it doesn't name are worth nothing. '#' begins a comment.
#include "book.hpp"

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "settings.hpp"

namespace {

constexpr int before = -1;

// The stage by which a case of this run is paid.
int paid_stage(const Case& one) {
    return one.level < settings().level ? before : one.stage;
}

std::map<int, double> points_of_stages() {
    std::map<int, double> points;
    if (settings().points.empty()) return points;
    std::ifstream lines(settings().points);
    if (!lines) throw std::runtime_error("cannot read --points=" + settings().points);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        int level = 0;
        std::string stage;
        double worth = 0;
        if (!(words >> level)) continue;
        if (!(words >> stage >> worth))
            throw std::runtime_error(settings().points + ": '" + line +
                                     "' isn't LEVEL STAGE POINTS");
        if (level == settings().level)
            points[stage == "before" ? before : std::stoi(stage)] = worth;
    }
    return points;
}

}  // namespace

Tally tally(const Book& book) {
    Tally count;
    for (const Result& result : book.results) {
        switch (result.verdict) {
            case Verdict::passed: ++count.passed; break;
            case Verdict::failed: ++count.failed; break;
            case Verdict::skipped: ++count.skipped; break;
            case Verdict::not_run: ++count.not_run; break;
        }
    }
    if (!book.complaints.empty()) ++count.failed;
    return count;
}

std::string count_line(const Tally& tally) {
    std::string line = std::to_string(tally.passed) + " passed, " + std::to_string(tally.failed) +
                       " failed, " + std::to_string(tally.skipped) + " skipped";
    if (tally.not_run > 0) line += ", " + std::to_string(tally.not_run) + " not run";
    return line;
}

int exit_code(const Book& book) {
    if (book.end == RunEnd::interrupted) return 130;
    const Tally count = tally(book);
    const bool nothing_ran = count.passed + count.failed == 0;
    return count.failed > 0 || count.not_run > 0 || nothing_ran ? 1 : 0;
}

std::vector<double> points(const Book& book) {
    const std::map<int, double> stages = points_of_stages();
    std::map<int, int> judged;
    for (std::size_t i = 0; i < book.plan.size(); ++i)
        if (book.results[i].verdict != Verdict::skipped) ++judged[paid_stage(book.plan[i])];
    std::vector<double> all;
    for (std::size_t i = 0; i < book.plan.size(); ++i) {
        const auto stage = stages.find(paid_stage(book.plan[i]));
        const bool paid = stage != stages.end() && book.results[i].verdict != Verdict::skipped;
        all.push_back(paid ? stage->second / judged[stage->first] : 0);
    }
    return all;
}
