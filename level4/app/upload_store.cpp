// A file is first written under a hidden temporary name, brought to disk, and only then renamed. So
// under its real name the file is complete or absent, whenever the power fails.
#include "app/upload_store.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include "../../common/descriptor.hpp"
#include "../../common/system.hpp"
#include "app/disk.hpp"
#include "session/random.hpp"
#include "text.hpp"
#include "utf8.hpp"

namespace {

namespace fs = std::filesystem;

// The names of temporary files begin with a dot and end in this. is_upload_name() refuses them, so
// they are never served.
constexpr std::string_view temporary_suffix = ".part";
constexpr std::chrono::hours oldest_temporary{1};

constexpr std::array<std::string_view, 5> suffixes = {".png", ".jpg", ".gif", ".webp", ".txt"};
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t name_bytes = 16;

// 128 random bits, so that no two files ever get the same name, and none can be guessed.
std::string random_name() {
    std::string name;
    for (const char c : random_bytes(name_bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        name += hex_digits[byte / 16];
        name += hex_digits[byte % 16];
    }
    return name;
}

// UTF-8 without control characters other than tabs, line ends and form feeds.
bool is_text(std::string_view content) {
    const auto is_forbidden = [](char c) {
        return is_control(c) && c != '\t' && c != '\n' && c != '\r' && c != '\f';
    };
    return std::none_of(content.begin(), content.end(), is_forbidden) && is_valid_utf8(content);
}

// Writes the file and waits until it is on disk.
void write_file(const fs::path& path, std::string_view content) {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) throw_disk_error("Cannot make a file for an upload", errno);
    write_to_disk(file, content, "Cannot write an upload");
}

// Removes what was left by a server that was killed. Another server may still be writing the young
// ones.
void remove_old_temporaries(const fs::path& folder) {
    for (const auto& name : names_in(folder)) {
        std::error_code error;  // another server may have removed it first, which is fine
        const auto age =
            fs::file_time_type::clock::now() - fs::last_write_time(folder / name, error);
        if (!error && name.ends_with(temporary_suffix) && age > oldest_temporary) {
            fs::remove(folder / name, error);
        }
    }
}

}  // namespace

UploadStore::UploadStore(fs::path folder) : folder_(std::move(folder)) {
    make_folder(folder_);
    require_writable(folder_);
    remove_old_temporaries(folder_);
}

UploadStore::Place UploadStore::wait_for_place(Clock::time_point deadline) {
    if (!places_.try_acquire_until(deadline)) {
        throw StoreBusy(503, "The disk is busy with other uploads. Nothing was saved.");
    }
    return Place(places_);
}

std::optional<std::string> UploadStore::save(std::string_view content) const {
    const auto suffix = upload_suffix(content);
    if (!suffix) return std::nullopt;
    make_folder(folder_);  // because it may have been removed since the start
    std::string name = random_name();
    const fs::path temporary = folder_ / ("." + name + std::string(temporary_suffix));
    name += *suffix;
    try {
        write_file(temporary, content);
        if (std::rename(temporary.c_str(), (folder_ / name).c_str()) != 0) {
            throw_disk_error("Cannot name an upload", errno);
        }
        sync_folder(folder_);
    } catch (...) {
        std::error_code ignored;
        fs::remove(temporary, ignored);
        fs::remove(folder_ / name, ignored);
        throw;
    }
    return name;
}

bool UploadStore::has(std::string_view name) const {
    std::error_code ignored;
    return is_upload_name(name) && fs::exists(folder_ / name, ignored);
}

std::optional<std::string_view> upload_suffix(std::string_view content) {
    using namespace std::string_view_literals;
    if (content.starts_with("\x89PNG\r\n\x1A\n"sv)) return ".png";
    if (content.starts_with("\xFF\xD8\xFF"sv)) return ".jpg";
    if (content.starts_with("GIF87a"sv) || content.starts_with("GIF89a"sv)) return ".gif";
    // Four bytes of length stand between RIFF and WEBP.
    if (content.starts_with("RIFF"sv) && content.size() >= 12 && content.substr(8, 4) == "WEBP"sv) {
        return ".webp";
    }
    if (is_text(content)) return ".txt";
    return std::nullopt;
}

bool is_upload_name(std::string_view name) {
    constexpr std::size_t digits = 2 * name_bytes;
    return name.find_first_not_of(hex_digits) == digits &&
           std::find(suffixes.begin(), suffixes.end(), name.substr(digits)) != suffixes.end();
}
