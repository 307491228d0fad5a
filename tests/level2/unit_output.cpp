// output.hpp, with standard error in a file on a disk that is full for a moment.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../common/output.hpp"
#include "file_content.hpp"
#include "full_disk.hpp"
#include "temporary_folder.hpp"

namespace {

// While one of these exists, standard error goes to a file.
class ErrorsInFile {
  public:
    ErrorsInFile() {
        const int file = open(path_.c_str(), O_WRONLY | O_CREAT, 0600);
        REQUIRE(file >= 0);
        dup2(file, STDERR_FILENO);
        close(file);
    }
    ~ErrorsInFile() {
        dup2(previous_, STDERR_FILENO);
        close(previous_);
    }
    ErrorsInFile(const ErrorsInFile&) = delete;
    ErrorsInFile& operator=(const ErrorsInFile&) = delete;

    std::string content() const { return file_content(path_); }

  private:
    TemporaryFolder folder_;
    std::string path_ = (folder_.root / "errors").string();
    int previous_ = dup(STDERR_FILENO);
};

// What is printed of a line that finds room for so many bytes, and then of another one.
std::string printed(std::size_t room, std::string_view line, std::string_view next) {
    const ErrorsInFile errors;
    {
        const FullDisk disk(room);
        write_line(Stream::error, line);
    }
    write_line(Stream::error, next);
    return errors.content();
}

}  // namespace

TEST_CASE("a line that was cut is not continued by the next one") {
    CHECK(printed(6, "a line, and more", "the next") ==
          "a line\n(1 lines were lost here)\nthe next\n");
}

TEST_CASE("of several lines that are lost at once, each is counted") {
    CHECK(printed(0, "one\ntwo\nthree", "four") == "(3 lines were lost here)\nfour\n");
}

TEST_CASE("the log goes to standard output, and errors to standard error") {
    std::vector<std::pair<Stream, std::string>> printed;
    set_output({[&](Stream stream, std::string_view line) { printed.emplace_back(stream, line); }});
    print("a line of the log");
    print_error("a client was dropped", "out of memory");
    set_output({});
    REQUIRE(printed.size() == 2);
    CHECK(printed[0].first == Stream::out);
    CHECK(printed[1].first == Stream::error);
    CHECK(printed[1].second == "a client was dropped: out of memory");
}
