// A file as a string, for all tests. A file that can't be read counts as empty, so that a case that
// looks for something in it fails and says what is missing.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

inline std::string file_content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
