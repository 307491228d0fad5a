// Where level 4 keeps what its visitors leave, as the command line says.
#include <doctest/doctest.h>

#include "options.hpp"

TEST_CASE("messages and uploads are kept beside the program, unless --data names another folder") {
    const char* const arguments[] = {"server", "8080", "--data", "/elsewhere"};
    const auto options = parse_options(2, arguments);
    CHECK(options.data == options.folder / "data");
    CHECK(parse_options(4, arguments).data == "/elsewhere");
}
