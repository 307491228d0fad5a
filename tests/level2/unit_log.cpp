// log.hpp: what a line looks like that has to be shortened. All else is judged by what the program
// prints.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "../common/output.hpp"
#include "log.hpp"

TEST_CASE("a request line that is too long leaves room for what follows it") {
    std::string printed;
    set_output({[&](Stream, std::string_view line) { printed = line; }});
    const std::string request(5'000, 'x');
    AccessLog().add({"127.0.0.1", request, 200, 17, {}, {}});
    set_output({});
    const std::string end = "x...\" 200 17 0.0ms";
    REQUIRE(printed.find(end) != std::string::npos);
    CHECK(printed.find(end) + end.size() < longest_line);
}
