// The folder of data_folder.hpp is made in the system's folder for temporary files, and removed at
// the end of the case, or by the supervisor if the run dies.
#include "data_folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>
#include <utility>

#include "settings.hpp"
#include "supervisor.hpp"

DataFolder::DataFolder(const std::string& below) {
    std::string name = (std::filesystem::temp_directory_path() / "blackbox-data-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder: " + name);
    root_ = name;
    path_ = below.empty() ? root_ : root_ / below;
    watch_folder(root_);
}

DataFolder::~DataFolder() {
    std::error_code ignored;  // nothing more can be done about it
    std::filesystem::remove_all(root_, ignored);
}

Launch DataFolder::launch(const std::string& arguments, const std::vector<std::string>& environment,
                          const std::string& before) const {
    // The run's own command, so that the engine is the same. With --program it is our own server.
    std::string command = settings().server + " --data '" + path_.string() + "' " + arguments;
    return {.before = before, .environment = environment, .command = command};
}

Launch launch_alone(const DataFolder& data) {
    return settings().program.empty() ? Launch{} : data.launch("--quiet");
}

StoreLock::StoreLock(const DataFolder& data)
    : file_(open((data.path() / "messages.jsonl").c_str(), O_RDWR | O_CLOEXEC)) {
    if (flock(file_, LOCK_EX) != 0) throw std::runtime_error("cannot lock messages.jsonl");
}

void StoreLock::release() {
    if (file_ >= 0) close(std::exchange(file_, -1));
}

std::string program_line(const std::string& arguments) {
    return "'" + settings().program + "' " + arguments;
}
