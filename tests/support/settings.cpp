// Reads our flags (--level, --server, --public, --program, --limit) and the variable SEED.
// An unknown flag may be one of doctest's, so it is ignored.
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

std::optional<std::string> value_of(std::string_view argument, std::string_view flag) {
    if (!argument.starts_with(flag)) return std::nullopt;
    return std::string(argument.substr(flag.size()));
}

template <typename Number>
Number number_from(const std::string& text, const std::string& name) {
    Number number{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        throw std::runtime_error(name + " needs a number, not '" + text + "'");
    return number;
}

}  // namespace

const Settings& settings() {
    return current;
}

void read_settings(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view argument = argv[i];
        if (auto level = value_of(argument, "--level="))
            current.level = number_from<int>(*level, "--level");
        if (auto command = value_of(argument, "--server=")) current.server = *command;
        if (auto folder = value_of(argument, "--public=")) current.public_folder = *folder;
        if (auto path = value_of(argument, "--program=")) current.program = *path;
        if (auto limit = value_of(argument, "--limit="))
            current.limit_seconds = number_from<int>(*limit, "--limit");
    }
    const char* seed = std::getenv("SEED");
    current.seed = seed ? number_from<unsigned>(seed, "SEED") : std::random_device()();
    if (current.level < 1) throw std::runtime_error("--level=N is missing (1 to 4)");
    if (current.server.empty()) throw std::runtime_error("--server='COMMAND {port}' is missing");
    if (!current.public_folder.empty() && !std::filesystem::is_directory(current.public_folder))
        throw std::runtime_error("--public=" + current.public_folder + " is not a folder");
}

std::string usage() {
    return "usage: blackbox --level=N --server='COMMAND {port}' [--public=DIR] [--program=PATH]\n"
           "                [--limit=SECONDS] [doctest's flags, such as -tc='*slow*' or -ltc]\n"
           "{port} in COMMAND is replaced by a free port, which is also in the variable PORT.\n";
}
