// See disk.hpp.
#include "app/disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "../../common/descriptor.hpp"
#include "../../common/output.hpp"
#include "../../common/system.hpp"

void throw_store_full(const std::string& details) {
    print_error(details);
    throw StoreFull();
}

void throw_disk_error(const std::string& what, int error) {
    const std::string details = what + ": " + std::generic_category().message(error);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) throw_store_full(details);
    if (error == EMFILE || error == ENFILE) {
        print_error(details);
        throw HttpError(503, "Too many files are open.");
    }
    throw std::runtime_error(details);
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error, ignored;
    std::vector<std::filesystem::path> missing;
    auto path = std::filesystem::absolute(folder);
    while (path.has_relative_path() && !std::filesystem::exists(path, ignored)) {  // not for "/"
        missing.push_back(path);
        path = path.parent_path();
    }
    std::filesystem::create_directories(folder, error);
    if (!std::filesystem::is_directory(folder, ignored)) {
        throw_disk_error("Cannot make the folder " + folder.string(), error.value());
    }
    for (const auto& made : missing) sync_folder(made.parent_path());
}

void require_writable(const std::filesystem::path& folder) {
    if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        throw_disk_error("Cannot write to the folder " + folder.string(), errno);
    }
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), closedir);
    if (!opened) return names;
    while (const dirent* const entry = readdir(opened.get())) names.emplace_back(entry->d_name);
    return names;
}

void sync_folder(const std::filesystem::path& folder) {
    const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || !sync_file(opened)) {
        throw_disk_error("Cannot write the folder " + folder.string(), errno);
    }
}

void write_to_disk(const Descriptor& file, std::string_view text, const std::string& what) {
    while (!text.empty()) {
        const ssize_t written = write(file.number(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw_disk_error(what, errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (!sync_file(file)) throw_disk_error(what, errno);
}

void append_to_file(const std::filesystem::path& file, std::string_view text) {
    const Descriptor opened(
        open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!opened) throw_disk_error("Cannot open " + file.string(), errno);
    write_to_disk(opened, text, "Cannot write to " + file.string());
    sync_folder(std::filesystem::absolute(file).parent_path());
}
