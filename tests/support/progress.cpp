// Counts only what the server is judged by: cases that are skipped are left out, and so is what is
// in no stage, because that is about our own program.
#include "progress.hpp"

#include <algorithm>
#include <set>

#include "settings.hpp"

namespace {

struct Stage {
    int number;
    std::string name;
    bool operator<(const Stage& other) const { return number < other.number; }
};

Stage stage_of(const Case& one) {
    return {one.stage, one.stage_name};
}

bool counts(const Book& book, std::size_t index) {
    return book.plan[index].stage > 0 && book.results[index].verdict != Verdict::skipped;
}

// The first case that isn't done; as many as there are cases if all are.
std::size_t first_open(const Book& book) {
    std::size_t i = 0;
    while (i < book.plan.size() && (!counts(book, i) || book.results[i].verdict == Verdict::passed))
        ++i;
    return i;
}

// The stages of a level of which any case counts.
std::set<Stage> stages_of(const Book& book, int level) {
    std::set<Stage> stages;
    for (std::size_t i = 0; i < book.plan.size(); ++i)
        if (book.plan[i].level == level && counts(book, i)) stages.insert(stage_of(book.plan[i]));
    return stages;
}

std::string bar(std::size_t done, std::size_t all) {
    constexpr std::size_t width = 20;
    const std::size_t filled = all == 0 ? 0 : done * width / all;
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "]";
}

std::string what_comes_next(const Book& book, std::size_t open, const std::set<Stage>& stages) {
    if (open == book.plan.size()) {
        const std::string done = "Level " + std::to_string(settings().level) + " is complete.";
        if (settings().level == 4) return done + "\n";
        return done + " Next: make next-level" + std::to_string(settings().level + 1) + "\n";
    }
    const auto later = stages.upper_bound(stage_of(book.plan[open]));
    const std::string first = "now   " + book.plan[open].name + "\n";
    if (later == stages.end()) return first;
    return first + "then  stage " + std::to_string(later->number) + ", " + later->name + "\n";
}

}  // namespace

std::string progress(const Book& book) {
    if (book.plan.empty()) return "";
    const std::size_t open = first_open(book);
    std::size_t last = book.plan.size() - 1;
    while (last > 0 && !counts(book, last)) --last;
    const Case& at = book.plan[std::min(open, last)];
    std::size_t done = 0, all = 0;
    for (std::size_t i = 0; i < book.plan.size(); ++i) {
        if (book.plan[i].level != at.level || !counts(book, i)) continue;
        ++all;
        if (book.results[i].verdict == Verdict::passed) ++done;
    }
    const std::set<Stage> stages = stages_of(book, at.level);
    const auto place = std::distance(stages.begin(), stages.find(stage_of(at)));
    std::string line = "level " + std::to_string(at.level) + "  " + bar(done, all) + "  stage " +
                       std::to_string(place + 1) + " of " + std::to_string(stages.size()) + " (" +
                       at.stage_name + ")  " + std::to_string(done) + " of " + std::to_string(all) +
                       " cases\n";
    return line + what_comes_next(book, open, stages);
}
