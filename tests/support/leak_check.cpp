// The figures leave room for garbage collectors, allocators and thread pools, which grow in steps.
#include "leak_check.hpp"

#include <sys/stat.h>

#include <optional>

#include "client.hpp"
#include "expect.hpp"
#include "reporter.hpp"

namespace {

constexpr int warm_up = 500;
constexpr int round_size = 1000;
constexpr int at_once = 10;
constexpr double longest = 20.0;

constexpr int spare_descriptors = 4;
constexpr int spare_threads = 8;
constexpr long long spare_memory = 16 << 20;  // bytes; also more than 8 KiB for each request

// Sends `count` of them, in turn, and between them half a request whose client leaves. False if one
// is not answered, or if it gets too late.
bool send_round(const std::vector<std::string>& requests, int count, double until) {
    for (int sent = 0; sent < count; sent += at_once) {
        std::vector<Script> scripts;
        for (int i = 0; i < at_once; ++i)
            scripts.push_back(requests[static_cast<std::size_t>(sent + i) % requests.size()]);
        Client().send("GET / HT");  // and leaves
        for (const Exchange& reply : exchange_all(scripts)) {
            if (reply.reply.complete()) continue;
            expect(false, reply, "a reply, as to the same request before", "",
                   {"a server has to answer its thousandth client as it did the first"});
            return false;
        }
        if (now() > until) {
            remark("not judged, because 2,500 requests would take more than 20 s");
            return false;
        }
    }
    return true;
}

// What the server has once the last connections have ended. That may take it a moment, so this
// waits until two readings agree, for 2 s at most.
std::optional<Usage> usage_at_rest() {
    Process& process = shared_server().process();
    std::optional<Usage> last = process.usage();
    for (const double until = now() + 2.0; last && now() < until;) {
        let_pass(0.1);
        const std::optional<Usage> next = process.usage();
        if (next && next->threads == last->threads && next->descriptors == last->descriptors)
            return next;
        last = next;
    }
    return last;
}

}  // namespace

void expect_nothing_left_behind(const std::vector<std::string>& requests) {
    const double until = now() + longest;
    expect_status(exchange(requests.front()), 200, {"one request comes before thousands"});
    if (!send_round(requests, warm_up, until) || !send_round(requests, round_size, until)) return;
    const std::optional<Usage> before = usage_at_rest();
    if (!send_round(requests, round_size, until)) return;
    const std::optional<Usage> after = usage_at_rest();
    if (!before || !after) {
        remark("not judged, because there is no /proc here");
        return;
    }
    const int descriptors = after->descriptors - before->descriptors;
    expect_that(descriptors <= spare_descriptors, "no more open descriptors after 1,000 requests",
                std::to_string(descriptors) + " more",
                {"a server that forgets to close something will one day run out of descriptors",
                 "close() each client's socket, and each file, on every way out of the function"});
    const int threads = after->threads - before->threads;
    expect_that(threads <= spare_threads, "no more threads after 1,000 requests",
                std::to_string(threads) + " more",
                {"a thread that has served its client ends, or serves the next one",
                 "return from the thread's function, and detach() or join() the thread"});
    const long long memory = after->memory_bytes - before->memory_bytes;
    expect_that(memory <= spare_memory, "hardly more memory after 1,000 requests",
                std::to_string(memory / 1024) + " KiB more",
                {"a server runs for months, so each request must give back what it has taken",
                 "look for a container that only grows, or for what is allocated and not freed"});
}

std::vector<std::string> requests_for_files(const PublicFolder& folder) {
    mkfifo((folder.path() / "pipe").c_str(), 0600);
    const std::string large = folder.write_pattern("large.bin", 200'000);
    const std::string etag = "If-None-Match: " + exchange(get(large)).reply.value("ETag");
    std::vector<std::string> requests = {get(large),
                                         get_and_stay("/about") + get(large),
                                         request("HEAD", large),
                                         get(large, {etag}),
                                         get(large, {"If-Match: \"other\""}),
                                         get(large, {"Range: bytes=100-199"}),
                                         get(large, {"Range: bytes=999999-"}),
                                         get(folder.address("pipe")),
                                         get(folder.address("missing.txt"))};
    // Several folders, because a server may remember each of them for a while.
    constexpr int folders = 20;
    for (int i = 0; i < folders; ++i) {
        const std::string name = "folder" + std::to_string(i);
        folder.write(name + "/note.txt", "text");
        requests.push_back(get(folder.address(name)));
        requests.push_back(get(folder.address(name + "/")));
    }
    return requests;
}
