// Creates and removes the test files. Names contain our process id, so that two runs at the same
// time don't collide, nor a run with a folder of the site.
#include "public_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <system_error>

#include "settings.hpp"
#include "supervisor.hpp"
#include "text.hpp"

namespace {

constexpr std::size_t piece = 1 << 20;

// The shell command that makes the file at an address.
std::map<std::string, std::string>& recipes() {
    static std::map<std::string, std::string> recipes_by_address;
    return recipes_by_address;
}

// Of a longer file only its size is told.
constexpr std::size_t longest_content = 200;

std::string any_bytes(std::size_t size) {
    return "head -c " + std::to_string(size) + " /dev/urandom";
}

std::string these_bytes(std::string_view content) {
    const bool shown = content.size() <= longest_content &&
                       std::all_of(content.begin(), content.end(),
                                   [](char c) { return c >= ' ' && c <= '~' && c != '\''; });
    return shown ? "printf %s '" + std::string(content) + "'" : any_bytes(content.size());
}

// Where the file has to be when the request is repeated by hand. Our own program is judged on a copy
// of its folder, such as build/level3, but started by hand it serves level3/public.
std::string place_by_hand(const std::filesystem::path& path) {
    const std::string copy = std::filesystem::path(settings().program).parent_path().string() + "/";
    const std::string place = path.string();
    if (settings().program.empty() || !place.starts_with(copy)) return place;
    return "level" + std::to_string(settings().level) + "/" + place.substr(copy.size());
}

std::string recipe(const std::filesystem::path& path, const std::string& content_command) {
    return "mkdir -p '" + place_by_hand(path.parent_path()) + "' && " + content_command + " > '" +
           place_by_hand(path) + "'";
}

std::ofstream create(const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file) throw std::runtime_error("cannot write " + path.string());
    return file;
}

// The finalizer of splitmix64, which turns neighbouring numbers into unrelated ones.
std::uint64_t mixed(std::uint64_t x) {
    x = (x + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

}  // namespace

PublicFolder::PublicFolder() {
    static int count = 0;
    std::string name = "blackbox-" + std::to_string(getpid()) + "-" + std::to_string(++count);
    path_ = std::filesystem::path(settings().public_folder) / "files" / name;
    watch_folder(path_);
    std::filesystem::create_directories(path_);
}

PublicFolder::~PublicFolder() {
    const std::string below = address("");
    std::erase_if(recipes(), [&](const auto& known) { return known.first.starts_with(below); });
    std::error_code ignored;  // nothing more can be done about it
    std::filesystem::remove_all(path_, ignored);
}

std::string PublicFolder::address(std::string_view name) const {
    return "/files/" + path_.filename().string() + "/" + std::string(name);
}

std::string PublicFolder::write(const std::string& name, std::string_view content) const {
    create(path_ / name).write(content.data(), static_cast<std::streamsize>(content.size()));
    std::string encoded;
    for (const std::string& part : split(name, '/'))
        encoded += (encoded.empty() ? "" : "/") + percent_encoded(part);
    recipes()[address(encoded)] = recipe(path_ / name, these_bytes(content));
    return address(encoded);
}

void PublicFolder::set_changed(const std::string& name, std::time_t when) const {
    const timespec both[] = {{when, 0}, {when, 0}};
    if (utimensat(AT_FDCWD, (path_ / name).c_str(), both, 0) != 0)
        throw std::runtime_error("cannot set the time of " + name);
    recipes()[address(percent_encoded(name))] +=
        " && touch -d @" + std::to_string(when) + " '" + place_by_hand(path_ / name) + "'";
}

std::string how_to_make_files_in(std::string_view sent) {
    std::string commands;
    for (const auto& [address, command] : recipes()) {
        if (sent.find(address + " ") == std::string_view::npos) continue;
        commands += (commands.empty() ? "" : "; ") + command;
    }
    return commands;
}

std::string PublicFolder::write_pattern(const std::string& name, std::size_t size) const {
    std::ofstream file = create(path_ / name);
    for (std::size_t offset = 0; offset < size; offset += piece) {
        std::string bytes = pattern(offset, std::min(piece, size - offset));
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    recipes()[address(percent_encoded(name))] = recipe(path_ / name, any_bytes(size));
    return address(percent_encoded(name));
}

NeighbourFolder::NeighbourFolder(const std::filesystem::path& neighbour)
    : path_(neighbour.string() + "-secret-" + std::to_string(getpid())) {
    watch_folder(path_);
    create(path_ / "secret.txt") << secret();
}

NeighbourFolder::~NeighbourFolder() {
    std::error_code ignored;  // nothing more can be done about it
    std::filesystem::remove_all(path_, ignored);
}

std::string pattern(std::size_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(mixed((offset + i) / 8) >> ((offset + i) % 8 * 8));
    return bytes;
}
