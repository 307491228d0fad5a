// Reads our flags and the variables SERVER, CASE and SEED. An unknown flag may be one of doctest's,
// so it is passed on.
#include "settings.hpp"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace {

Settings current;

struct TextFlag {
    const char* name;
    std::string Settings::*value;
};
constexpr TextFlag text_flags[] = {
    {"--server=", &Settings::server},    {"--public=", &Settings::public_folder},
    {"--program=", &Settings::program},  {"--folder=", &Settings::folder},
    {"--run-as=", &Settings::run_as},    {"--case=", &Settings::case_words},
    {"--points=", &Settings::points},    {"--tally=", &Settings::tally},
    {"--title=", &Settings::title},      {"-r=", &Settings::format},
    {"--reporters=", &Settings::format}, {"-o=", &Settings::report_file},
    {"--out=", &Settings::report_file},
};

struct NumberFlag {
    const char* name;
    int Settings::*value;
};
constexpr NumberFlag number_flags[] = {
    {"--level=", &Settings::level},
    {"--limit=", &Settings::limit_seconds},
    {"--case-limit=", &Settings::case_seconds},
};

struct Switch {
    const char* name;
    bool Settings::*value;
};
constexpr Switch switches[] = {
    {"--next", &Settings::next},
    {"--brief", &Settings::brief},
    {"--once", &Settings::once},
    {"-ltc", &Settings::list},
    {"--list-test-cases", &Settings::list},
};

template <typename Number>
Number number_from(std::string_view text, const std::string& name) {
    Number number{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        throw std::runtime_error(name + " needs a number, not '" + std::string(text) + "'");
    return number;
}

// False if the argument isn't one of our flags.
bool read_flag(std::string_view argument) {
    for (const TextFlag& flag : text_flags) {
        if (!argument.starts_with(flag.name)) continue;
        current.*flag.value = argument.substr(std::string_view(flag.name).size());
        return true;
    }
    for (const NumberFlag& flag : number_flags) {
        const std::string_view name = flag.name;
        if (!argument.starts_with(name)) continue;
        current.*flag.value = number_from<int>(argument.substr(name.size()),
                                               std::string(name.substr(0, name.size() - 1)));
        return true;
    }
    for (const Switch& flag : switches) {
        if (argument != flag.name) continue;
        current.*flag.value = true;
        return true;
    }
    return false;
}

void read_variable(const char* name, std::string& value) {
    const char* set = std::getenv(name);
    if (value.empty() && set != nullptr) value = set;
}

void choose_report() {
    if (current.format.empty()) return;
    if (current.format != "junit" && current.format != "gradescope")
        throw std::runtime_error("-r=" + current.format + " is neither junit nor gradescope");
    if (current.report_file.empty())
        current.report_file = current.format == "junit" ? "report.xml" : "results.json";
}

}  // namespace

const Settings& settings() {
    return current;
}

void read_settings(int argc, char** argv) {
    for (int i = 0; i < argc; ++i)
        if (i == 0 || !read_flag(argv[i])) current.doctest_flags.push_back(argv[i]);
    read_variable("SERVER", current.server);
    read_variable("CASE", current.case_words);
    const char* seed = std::getenv("SEED");
    current.seed = seed ? number_from<unsigned>(seed, "SEED") : std::random_device()();
    choose_report();
    if (current.level < 1) throw std::runtime_error("--level=N is missing (1 to 4)");
    if (current.server.empty() && !current.list)
        throw std::runtime_error("--server='COMMAND {port}' is missing");
    if (!current.public_folder.empty() && !std::filesystem::is_directory(current.public_folder))
        throw std::runtime_error("--public=" + current.public_folder + " is not a folder");
}

std::string usage() {
    return "usage: blackbox --level=N --server='COMMAND {port}' [--public=DIR] [--program=PATH]\n"
           "                [--case=WORDS] [--next] [--brief] [-ltc] [-r=junit|gradescope -o=FILE]\n"
           "                [--points=FILE] [--limit=SECONDS] [--case-limit=SECONDS] [--folder=DIR]\n"
           "                [--run-as=USER] [--once] [doctest's flags, such as -tc='*slow*']\n"
           "{port} in COMMAND is replaced by a free port, which is also in the variable PORT.\n";
}
