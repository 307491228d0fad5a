// A file as a string, for all tests. A file that cannot be read is an empty one: what a case
// expects to find in it is then missing, and it is the case that says so.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

inline std::string file_content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
