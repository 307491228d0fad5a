// See disk.hpp.
#include "app/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "../../common/descriptor.hpp"
#include "../../common/output.hpp"

void throw_store_full(const std::string& details) {
    print_error(details);
    throw StoreFull();
}

void throw_disk_error(const std::string& what, int error) {
    const std::string details = what + ": " + std::generic_category().message(error);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) throw_store_full(details);
    throw std::runtime_error(details);
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error, ignored;
    std::filesystem::create_directories(folder, error);
    if (!std::filesystem::is_directory(folder, ignored)) {
        throw_disk_error("Cannot make the folder " + folder.string(), error.value());
    }
}

void sync_folder(const std::filesystem::path& folder) {
    const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || fsync(opened.number()) != 0) {
        throw_disk_error("Cannot write the folder " + folder.string(), errno);
    }
}
