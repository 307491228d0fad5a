// The command line, the log and the trace of this repository's own server (levels 2 and up), that
// is, what a user sees on the terminal. Other servers have their own, so these need --program=PATH.
#include <doctest/doctest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affordable_clients.hpp"
#include "client.hpp"
#include "expect.hpp"
#include "reporter.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace {

std::string quoted_program() {
    return "'" + settings().program + "'";
}

// A run that is expected to end by itself.
struct Finished {
    std::string exit;
    std::string output;
};

Finished run_program(const std::string& arguments,
                     const std::vector<std::string>& environment = {}) {
    Process process(quoted_program() + " " + arguments, environment);
    process.wait_for_end(patience);
    return {process.how_it_ended(), process.output()};
}

// A server of ours with these arguments ({port} is filled in).
Launch with_arguments(const std::string& arguments,
                      const std::vector<std::string>& environment = {}) {
    return {.environment = environment, .command = quoted_program() + " " + arguments};
}

// What a server prints from its start to its end, while it answers these requests.
std::string output_of(const Launch& launch, const std::vector<std::string>& requests) {
    ServerProcess server(launch);
    for (const std::string& bytes : requests) exchange(Script(bytes), server);
    server.signal(SIGTERM);
    server.process().wait_for_end(patience);
    return server.process().output();
}

// What a server prints when it starts, or fails to. It need not be reachable on 127.0.0.1.
std::string start_of(const std::string& arguments) {
    Process process(quoted_program() + " " + arguments, {});
    const double end = now() + patience;
    while (now() < end && process.running() && !contains(process.output(), "Ctrl-C stops it"))
        let_pass(0.01);
    process.signal(SIGTERM);
    process.wait_for_end(patience);
    return process.output();
}

// An address under which other machines know this one; empty if it has none.
std::string address_in_network() {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return "";
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all, freeifaddrs);
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
        if ((one->ifa_flags & IFF_LOOPBACK) != 0) continue;
        char text[NI_MAXHOST];
        if (getnameinfo(one->ifa_addr, sizeof(sockaddr_in), text, sizeof text, nullptr, 0,
                        NI_NUMERICHOST) == 0)
            return text;
    }
    return "";
}

void expect_exit(const Finished& finished, int code, const std::string& part, const Reason& reason,
                 Where where = Where::here()) {
    expect_that(finished.exit == "exit code " + std::to_string(code),
                "exit code " + std::to_string(code), finished.exit + ", output: " + finished.output,
                reason, where);
    expect_that(contains(lower(finished.output), lower(part)), "output with '" + part + "'",
                "output: " + finished.output, reason, where);
}

void expect_printed(const std::string& output, const std::string& part, const Reason& reason,
                    Where where = Where::here()) {
    expect_that(contains(output, part), "output with: " + part, "output: " + output, reason, where);
}

// Whether the text reads like the pattern, in which 0 stands for any digit.
bool has_shape(std::string_view text, std::string_view pattern) {
    auto same = [](char c, char wanted) {
        return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
    };
    return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), same);
}

// The lines of the access log, without the time of day that they start with.
std::vector<std::string> log_lines(const std::string& output) {
    std::vector<std::string> lines;
    for (const std::string& line : split(output, '\n'))
        if (line.size() > 9 && has_shape(line.substr(0, 9), "00:00:00 "))
            lines.push_back(line.substr(9));
    return lines;
}

// Whether a line reads `address "request" status bytes 0.3ms`, and then perhaps a reason.
bool is_log_line(const std::string& line, const std::string& start) {
    if (!line.starts_with(start)) return false;
    std::vector<std::string> words = split(line.substr(start.size()), ' ');
    auto all_of = [](const std::string& word, const char* allowed) {
        return !word.empty() && word.find_first_not_of(allowed) == std::string::npos;
    };
    return words.size() >= 2 && all_of(words[0], "0123456789") && words[1].ends_with("ms") &&
           all_of(words[1].substr(0, words[1].size() - 2), "0123456789.");
}

}  // namespace

TEST_SUITE_BEGIN("level2 / program");

TEST_CASE("--help prints the usage and exits with 0") {
    if (lacks_program()) return;
    for (const char* flag : {"--help 2>/dev/null", "-h 2>/dev/null"}) {
        Finished help = run_program(flag);
        expect_exit(help, 0, "usage",
                    {"help that was asked for is no error, so it goes to standard output"});
        for (const char* line : {"--port", "--host", "9000", "PORT", "TRACE=1"})
            expect_printed(help.output, line, {"each flag has a line with its default"});
    }
}

TEST_CASE("bad usage prints the usage and exits with 2") {
    if (lacks_program()) return;
    for (const char* arguments : {"--nonsense", "notaport", "--port", "--port 0x10", "--port 70000",
                                  "--port -1", "99999999999999999999"})
        expect_exit(run_program(arguments), 2, "usage",
                    {"a mistyped flag must not start a server on some other port", arguments});
}

TEST_CASE("a PORT variable that isn't a port is bad usage") {
    if (lacks_program()) return;
    expect_exit(run_program("", {"PORT=nonsense"}), 2, "PORT",
                {"a user can find the mistake only if the message names the variable"});
}

TEST_CASE("the port comes from --port, from the first argument or from PORT") {
    if (lacks_program()) return;
    for (const char* arguments :
         {"--port {port}", "--port={port}", "{port}", "--quiet --port {port}", ""}) {
        ServerProcess server(with_arguments(arguments));
        expect_status(exchange(get("/"), server), 200, {"it listens where it was told to"});
    }
}

TEST_CASE("a flag beats the variable PORT") {
    if (lacks_program()) return;
    // The variable names a taken port, so if the server used that it could not start.
    std::string taken = "PORT=" + std::to_string(shared_server().port());
    ServerProcess server(with_arguments("--port {port}", {taken}));
    expect_status(exchange(get("/"), server), 200,
                  {"what was typed takes precedence over what was inherited"});
}

TEST_CASE("a flag counts before PORT is judged") {
    if (lacks_program()) return;
    ServerProcess server(with_arguments("--port {port}", {"PORT=nonsense"}));
    expect_status(exchange(get("/"), server), 200,
                  {"a variable that isn't needed can't be a mistake"});
}

TEST_CASE("an address that other machines can reach is announced as one") {
    if (lacks_program()) return;
    ServerProcess open_to_all(with_arguments("{port} --host 0.0.0.0"));
    ServerProcess local(with_arguments("{port}"));
    for (ServerProcess* server : {&open_to_all, &local}) {  // all is printed once they have ended
        server->signal(SIGTERM);
        server->process().wait_for_end(patience);
    }
    expect_printed(open_to_all.process().output(), "Every machine in the network can connect",
                   {"a server that listens on all addresses should say so"});
    expect_that(!contains(local.process().output(), "Every machine"), "no warning",
                local.process().output(), {"only this machine can connect"});
    const std::string own = address_in_network();
    if (own.empty()) return remark("without an address of its own, because this machine has none");
    expect_printed(start_of("--host " + own + " " + std::to_string(free_port())),
                   "Every machine in the network can connect",
                   {"one address is enough for the others to connect to"});
}

TEST_CASE("a server that listens on all addresses says where this machine finds it") {
    if (lacks_program()) return;
    for (const char* host : {"0.0.0.0", "0"}) {
        ServerProcess server(with_arguments("{port} --host " + std::string(host)));
        server.signal(SIGTERM);
        server.process().wait_for_end(patience);
        expect_printed(server.process().output(),
                       " is listening on http://localhost:" + std::to_string(server.port()),
                       {"an address that stands for all of them is none that a browser can open"});
    }
}

TEST_CASE("the start line names the address and the way to stop") {
    if (lacks_program()) return;
    ServerProcess server(with_arguments("{port}"));
    server.signal(SIGTERM);
    server.process().wait_for_end(patience);
    std::string expected = "Level " + std::to_string(settings().level) +
                           " is listening on http://localhost:" + std::to_string(server.port()) +
                           "  (Ctrl-C stops it)";
    expect_printed(server.process().output(), expected, {"terminals turn the address into a link"});
}

TEST_CASE("the start line has an IPv6 address in brackets") {
    if (lacks_program()) return;
    const std::string port = std::to_string(free_port());
    const std::string output = start_of("--host ::1 " + port);
    if (contains(output, "Cannot listen")) {
        skip("this machine has no ::1");
        return;
    }
    expect_printed(output, " is listening on http://[::1]:" + port + " ",
                   {"a colon in a host would be taken for the one before the port"});
}

TEST_CASE("a taken port is reported with a way out") {
    if (lacks_program()) return;
    ServerProcess first(with_arguments("{port}"));
    std::string port = std::to_string(first.port());
    Finished second = run_program(port);
    expect_exit(second, 1, "Port " + port + " is in use by another program.",
                {"the message tells the user what to do"});
    expect_printed(second.output, "another port: ", {"the message proposes another port"});
}

TEST_CASE("Ctrl-C says what is waited for, and how to stop at once") {
    if (lacks_program()) return;
    ServerProcess server(with_arguments("{port}"));
    Client begun(server);
    begun.send("GET /about HTTP/1.1\r\nHost: localhost\r\n");
    exchange(get("/"), server);  // by now the first client has been accepted
    server.signal(SIGINT);
    server.process().wait_for_end(patience + 3);
    expect_printed(server.process().output(), "Ctrl-C again stops at once",
                   {"a terminal that seems to hang needs a word"});
}

TEST_CASE("a program that is started without its standard streams serves all the same") {
    if (lacks_program()) return;
    ServerProcess server({.before = "exec <&- >&- 2>&-;"});
    expect_status(exchange(get("/about"), server), 200,
                  {"a socket must not get the number of a standard stream",
                   "open /dev/null until the descriptors 0, 1 and 2 are taken"});
    expect_that(server.process().output().empty(), "no output", server.process().output(),
                {"what is printed must not land in a socket or a file"});
}

TEST_CASE("a client that speaks TLS is told so, and so is the log") {
    if (lacks_program()) return;
    ServerProcess server(with_arguments("{port}"));
    Exchange reply =
        exchange(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), server);
    expect_status(reply, 400, {"https:// was typed instead of http://"});
    expect(reply.seconds < 2.0, reply, "a reply at once", std::to_string(reply.seconds) + " s",
           {"a TLS client waits for an answer and will never send a line end"});
    server.signal(SIGTERM);
    server.process().wait_for_end(patience);
    expect_printed(server.process().output(), "TLS", {"plain words for a common mistake"});
}

TEST_CASE("an error's reason stands in the log") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("{port}"),
                                   {get("/nothing"), "GET / HTTP/1.1\r\nHost : a\r\n\r\n"});
    expect_printed(output, "There is no page at /nothing", {"status 404 alone says little"});
    expect_printed(output, "name must be a token", {"status 400 alone says nothing"});
}

TEST_CASE("each request is one line of the log") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("{port}"),
                                   {get("/about"), get("/nothing"), request("HEAD", "/about")});
    std::vector<std::string> lines = log_lines(output);
    expect_that(lines.size() == 3, "three lines that start with the time and 127.0.0.1",
                "output: " + output,
                {"one line for each request, also for the last ones before the stop",
                 "write what is still buffered when the server stops"});
    if (lines.size() != 3) return;
    const std::string starts[] = {"127.0.0.1 \"GET /about HTTP/1.1\" 200 ",
                                  "127.0.0.1 \"GET /nothing HTTP/1.1\" 404 ",
                                  "127.0.0.1 \"HEAD /about HTTP/1.1\" 200 "};
    for (std::size_t i = 0; i < 3; ++i)
        expect_that(is_log_line(lines[i], starts[i]), starts[i] + "<bytes> <time>ms", lines[i],
                    {"address, request line, status, bytes of the body, time"});
    expect_that(lines[2].starts_with(starts[2] + "0 "), starts[2] + "0 <time>ms", lines[2],
                {"the reply to HEAD has no body"});
}

TEST_CASE("a bad request is logged as well, with its control characters escaped") {
    if (lacks_program()) return;
    std::string output = output_of(
        with_arguments("{port}"),
        {"GET /\x1b[31mred\x07 HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /about HTTP/1.1\r\n\r\n",
         get("/x%0a00:00:00%20127.0.0.1%20%22GET%20/%22%20200%20%1b%5b31m")});
    std::vector<std::string> lines = log_lines(output);
    expect_that(lines.size() == 3 && contains(lines[0], " 400 ") && contains(lines[1], " 400 ") &&
                    contains(lines[2], " 404 "),
                "two lines with status 400, and one with 404", "output: " + visible(output),
                {"the log is where an administrator looks for attacks",
                 "a path that was decoded may hold a line end, also where it is the reason"});
    bool raw = output.find_first_of("\x1b\x07") != std::string::npos;
    expect_that(!raw, "no control character of the client in the log", visible(output),
                {"a raw escape sequence could rewrite the reader's terminal"});
}

TEST_CASE("a quote in a request can't make it look like another line of the log") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("{port}"),
                                   {"GET /\" 200 512 0.3ms HTTP/1.1\r\nHost: localhost\r\n\r\n"});
    std::vector<std::string> lines = log_lines(output);
    expect_that(
        lines.size() == 1 && contains(lines[0], "\"GET /\\\" 200 512 0.3ms HTTP/1.1\" 400 "),
        "the quote with a backslash before it", "output: " + visible(output),
        {"a program that reads the log takes the first quote for the end of the request"});
}

TEST_CASE("--quiet prints no log lines") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("--quiet {port}"), {get("/"), get("/nothing")});
    expect_that(log_lines(output).empty(), "no log line", "output: " + output,
                {"a benchmark measures the server, not the terminal"});
}

TEST_CASE("the log has no colours if it doesn't go to a terminal") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("{port}"), {get("/nothing")});
    expect_that(!contains(output, "\x1b["), "no escape sequence", visible(output),
                {"a log in a file is read by programs"});
    expect_that(log_lines(output).size() == 1, "one line of the log", "output: " + output,
                {"an empty log would have no colours either"});
}

TEST_CASE("TRACE=1 shows every byte, with the line ends made visible") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("{port}", {"TRACE=1"}), {get("/about")});
    bool received = false;
    bool sent = false;
    for (const std::string& line : split(output, '\n')) {
        received = received || line.ends_with("< GET /about HTTP/1.1\\r\\n");
        sent = sent || line.ends_with("> HTTP/1.1 200 OK\\r\\n");
    }
    expect_that(received, "a line '6< GET /about HTTP/1.1\\r\\n'", "output: " + output,
                {"what came from the client has the connection's number and '<' in front"});
    expect_that(sent, "a line '6> HTTP/1.1 200 OK\\r\\n'", "output: " + output,
                {"what went to the client has the connection's number and '>' in front"});
    for (const char* line : {"* connected\n", "* closed\n"})
        expect_printed(output, line, {"where a connection begins and ends is a line as well"});
}

TEST_CASE("TRACE=0 shows nothing of what goes over a connection") {
    if (lacks_program()) return;
    std::string output = output_of(with_arguments("{port}", {"TRACE=0"}), {get("/about")});
    expect_that(!contains(output, "< GET") && !contains(output, "* connected"), "no trace",
                "output: " + output, {"0 turns it off, as it would anywhere else"});
}

TEST_CASE("TRACE=1 shows text as it is, and counts bytes that aren't text") {
    if (lacks_program()) return;
    const std::string text = "GET /about HTTP/1.1\r\nHost: localhost\r\nName: J\xC3\xBCrgen\r\n";
    const std::vector<std::string> binary = {
        "\x89PNG\r\n\x1A\n", "caf\xE9\r\n", {"a\0b", 3}, "\x7F"};
    const Reason reason{"a terminal can show a photograph's bytes, but people can't read them"};
    for (const std::string& bytes : binary) {
        const std::string count = std::to_string(bytes.size() + 4);
        std::string output =
            output_of(with_arguments("{port}", {"TRACE=1"}), {text + bytes + "\r\n\r\n"});
        expect_printed(output, "< Name: J\\xc3\\xbcrgen\\r\\n\n", reason);
        expect_printed(output, "< (" + count + " bytes that aren't text)\n", reason);
    }
}

TEST_CASE("/echo is not to be stored") {
    if (lacks_program()) return;
    expect_field(exchange(get("/echo")), "Cache-Control", "no-store",
                 {"the request that it shows may have a cookie"});
}

TEST_CASE("no more than a thousand clients have a thread, and the others wait") {
    if (lacks_program()) return;
    constexpr std::size_t wanted = 1020;
    constexpr int most_threads = 1010;  // level 4 has some that serve no client
    if (affordable_clients(wanted) < wanted) {
        skip("the limit of open files is too low for so many clients");
        return;
    }
    ServerProcess server(with_arguments("{port}"));
    expect_status(exchange(get("/about"), server), 200, {"one client comes before a thousand"});
    std::optional<Usage> usage;
    {
        std::vector<Client> clients;
        for (std::size_t i = 0; i < wanted; ++i) clients.emplace_back(server);
        // Until the number stands still, which is when the last of them wait.
        for (int last = -1; (usage = server.process().usage()) && usage->threads != last;) {
            last = usage->threads;
            let_pass(0.2);
        }
    }
    if (!usage) {
        skip("threads can't be counted, because there is no /proc here");
        return;
    }
    expect_that(usage->threads <= most_threads, "at most 1,000 threads for clients",
                std::to_string(usage->threads) + " threads",
                {"without a limit a crowd takes the memory of all other programs"});
    expect_status(exchange(get("/about"), server), 200, {"the crowd has left"});
}

TEST_SUITE_END();
