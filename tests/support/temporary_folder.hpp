// A folder for one unit test, in the system's folder for temporary files. It is removed, with
// everything in it, when the test ends.
#pragma once

#include <stdlib.h>
#include <unistd.h>  // macOS has mkdtemp() here

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

struct TemporaryFolder {
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "unit-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        root = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;  // nothing more can be done about it
        std::filesystem::remove_all(root, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    // Writes a file, with the folders on the way to it.
    void write(const std::filesystem::path& name, std::string_view content) const {
        std::filesystem::create_directories((root / name).parent_path());
        std::ofstream(root / name, std::ios::binary) << content;
    }

    std::filesystem::path root;
};
