// A file as a string, for all tests. A file that can't be read counts as empty, so that a case that
// looks for something in it fails and says what is missing. That goes for a file in /proc as well,
// whose process may end while we read.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

inline std::string file_content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();  // which doesn't throw, unlike an iterator
    return std::move(content).str();
}
