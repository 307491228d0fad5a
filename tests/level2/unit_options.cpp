// options.hpp on argument lists.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "options.hpp"

namespace {

Options parse(std::vector<const char*> arguments, const char* port_variable = nullptr) {
    if (port_variable != nullptr)
        setenv("PORT", port_variable, 1);
    else
        unsetenv("PORT");
    arguments.insert(arguments.begin(), "server");
    return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("without arguments the server listens on port 9000 of this machine, with a log") {
    const auto options = parse({});
    CHECK(options.port == 9000);
    CHECK(options.host == "127.0.0.1");
    CHECK_FALSE(options.quiet);
    CHECK_FALSE(options.help);
}

TEST_CASE("the port comes from the command line, else from PORT") {
    CHECK(parse({"8080"}).port == 8080);
    CHECK(parse({"--port", "8081"}).port == 8081);
    CHECK(parse({}, "8082").port == 8082);
    CHECK(parse({"8080"}, "8082").port == 8080);
    CHECK(parse({"--port=8083"}).port == 8083);
}

TEST_CASE("an empty PORT is as good as none, and a flag counts before PORT is judged") {
    CHECK(parse({}, "").port == 9000);
    CHECK(parse({"--port", "8080"}, "nonsense").port == 8080);
}

TEST_CASE("help is given whatever PORT says") {
    CHECK(parse({"--help"}, "nonsense").help);
}

TEST_CASE("the help has a line for each flag and each variable") {
    const auto text = help("server");
    for (const char* word : {"--port N ", "--host ADDR ", "--quiet ", "-h, --help", "PORT ",
                             "TRACE=1", "NO_COLOR", "(9000)", "127.0.0.1"}) {
        CAPTURE(std::string(word));
        CHECK(text.find(word) != std::string::npos);
    }
}

TEST_CASE("the other options are understood") {
    const auto options = parse({"--host=::1", "--quiet", "-h"});
    CHECK(options.host == "::1");
    CHECK(options.quiet);
    CHECK(options.help);
}

TEST_CASE("a bad command line is refused") {
    for (const char* argument : {"0", "65536", "-1", "80x", "", "--nonsense", "--port", "--host",
                                 "--port=", "--host=", "--port=80x", "--quiet=yes", "-x"}) {
        CAPTURE(std::string(argument));
        CHECK_THROWS_AS(parse({argument}), UsageError);
    }
    CHECK_THROWS_AS(parse({}, "many"), UsageError);
}
