// The folder of data_folder.hpp: made under the system's folder for such things, and removed at the
// end of the case, by the watchdog if need be.
#include <unistd.h>

#include <stdexcept>

#include "data_folder.hpp"
#include "settings.hpp"
#include "watchdog.hpp"

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
    // The command of the run, so that it is the same engine: with --program it is our own server's.
    std::string command = settings().server + " --data '" + path_.string() + "' " + arguments;
    return {.before = before, .environment = environment, .command = command};
}

std::string program_line(const std::string& arguments) {
    return "'" + settings().program + "' " + arguments;
}
