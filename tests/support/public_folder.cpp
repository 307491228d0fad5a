// Creates and removes the test files. Names contain our process id, so that two runs at the same
// time don't collide, nor a run with a folder of the site.
#include "public_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "settings.hpp"
#include "supervisor.hpp"
#include "text.hpp"

namespace {

constexpr std::size_t piece = 1 << 20;

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
    return address(encoded);
}

void PublicFolder::set_changed(const std::string& name, std::time_t when) const {
    const timespec both[] = {{when, 0}, {when, 0}};
    if (utimensat(AT_FDCWD, (path_ / name).c_str(), both, 0) != 0)
        throw std::runtime_error("cannot set the time of " + name);
}

std::string PublicFolder::write_pattern(const std::string& name, std::size_t size) const {
    std::ofstream file = create(path_ / name);
    for (std::size_t offset = 0; offset < size; offset += piece) {
        std::string bytes = pattern(offset, std::min(piece, size - offset));
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
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
