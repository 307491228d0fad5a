// Runs cases through doctest, one at a time. The reporter in reporter.cpp takes down each failure.
#include "worker.hpp"

#include <signal.h>

#include <exception>
#include <optional>
#include <string>

#include "client.hpp"
#include "process.hpp"
#include "reporter.hpp"
#include "server_process.hpp"
#include "settings.hpp"
#include "supervisor.hpp"

namespace {

constexpr long long most_memory_of_a_build = 4LL << 30;  // some compilers take a lot
constexpr double sign_of_life = 2.0;  // how long the server may take to send anything, in seconds

// Whether a plain request gets at least one byte, or the end of the connection.
bool answers(ServerProcess& server) {
    try {
        Client client(server);
        client.send(get("/"));
        return client.receive_at_least(1, sign_of_life) || client.ending() != Ending::open;
    } catch (const std::exception&) {  // it doesn't accept a connection
        return false;
    }
}

// A server that has died or hangs is not left to the next case, and the one that did it says so.
void look_after_server(Result& result) {
    ServerProcess* server = running_shared_server();
    if (server == nullptr) return;
    const std::string death = server->death();
    result.crashed = !death.empty();
    if (!result.crashed && answers(*server)) return;
    const std::string advice = advice_on(death);
    const std::string hint = advice.empty() ? "" : " Hint: " + advice + ".";
    result.remarks.push_back(
        result.crashed ? "The server ended with " + death + ". It is started again." + hint
                       : "After this case the server answers no request. It is ended, and "
                         "started again.");
    result.remarks.push_back(server->last_words());
    stop_shared_server();
}

void say(const std::string& text) {
    tell_supervisor({Message::says, {text}});
}

}  // namespace

void run_cases(const Plan& plan, const std::vector<std::size_t>& cases) {
    signal(SIGPIPE, SIG_IGN);  // a server that hangs up early is a finding and must not end us
    for (const std::size_t index : cases) {
        tell_supervisor({Message::begins, {}});
        reset_traffic();
        run_case(plan[index]);
        Result result = result_of_case();
        result.unanswered = traffic().received == 0;
        if (result.verdict == Verdict::failed) look_after_server(result);
        tell_supervisor(to_message(result));
    }
    stop_shared_server();
    if (!sanitizer_complaints().empty())
        tell_supervisor({Message::complaint, {sanitizer_complaints()}});
}

void run_once() {
    Process process(settings().server, {}, most_memory_of_a_build);
    const bool ended = process.wait_for_end(settings().limit_seconds);
    process.stop();
    say(ended ? process.how_it_ended()
              : "no end within " + std::to_string(settings().limit_seconds) + " s");
    say(process.output());
}

void run_diagnosis() {
    signal(SIGPIPE, SIG_IGN);
    say("A server was started anew, and tried with what servers often trip over:");
    try {
        ServerProcess server;
        const bool first = answers(server);
        say(std::string("  its first client, with GET /: ") + (first ? "answered" : "no answer"));
        { const Client leaves(server); }
        say(std::string("  after a client that connected and left without a word: ") +
            (answers(server) ? "answered" : "no answer. Is recv() == 0 taken for the end?"));
        const Client silent(server);
        say(std::string("  beside a client that says nothing: ") +
            (answers(server) ? "answered" : "no answer (level 1 may take 10 s)"));
        say(server.last_words());
        say("Look at these in turn: does it call accept() again after each client? Is the second "
            "argument of listen()\nat least 128? Does it send its reply as soon as the blank line "
            "has come, and then close the connection?");
    } catch (const std::exception& error) {
        say(error.what());
    }
}
