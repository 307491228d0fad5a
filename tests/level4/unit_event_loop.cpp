// The event loop over real connections. A stop concerns the whole process and can't be taken back,
// so the loops run in a process of their own, which shares only sockets and pipes with the test.
// The order of events is never left to chance: a handler that has to wait tells the test when it
// has begun, and waits until the test lets it go on. Each case runs with each way to wait (Poller).
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../common/socket.hpp"
#include "../common/system.hpp"
#include "bytes.hpp"
#include "engine/event_loop.hpp"
#include "open_descriptors.hpp"

namespace {

constexpr int patience = 60'000;  // milliseconds after which a missing event counts as a failure

// A listener on a port that the kernel chooses.
Socket listen_anywhere() {
    Socket listener(socket(AF_INET, SOCK_STREAM, 0));
    fcntl(listener.number(), F_SETFL, O_NONBLOCK);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener.number(), 100) == 0);
    return listener;
}

// A pipe between the test and the handlers of the loops' process.
struct Pipe {
    Pipe() { REQUIRE(pipe(ends) == 0); }
    ~Pipe() {
        close(ends[0]);
        close(ends[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void put() const { REQUIRE(write(ends[1], "x", 1) == 1); }
    bool take() const {  // false if nothing comes for a minute
        pollfd watched{ends[0], POLLIN, 0};
        int ready = 0;
        // A SIGTERM may be delivered to the thread that waits here, and interrupt its poll().
        do ready = poll(&watched, 1, patience);
        while (ready < 0 && errno == EINTR);
        char byte = 0;
        return ready == 1 && read(ends[0], &byte, 1) == 1;
    }
    bool is_empty() const {
        pollfd watched{ends[0], POLLIN, 0};
        return poll(&watched, 1, 0) == 0;
    }
    int ends[2] = {-1, -1};
};

class Peer {
  public:
    explicit Peer(const Socket& listener) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size);
        connected_ = connect(socket_.number(), reinterpret_cast<sockaddr*>(&address), size) == 0;
    }
    bool connected() const { return connected_; }
    void send(std::string_view bytes) const {
        REQUIRE(::send(socket_.number(), bytes.data(), bytes.size(), 0) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void end() const { shutdown(socket_.number(), SHUT_WR); }

    // Sends until the server has taken nothing for half a second. Returns how many bytes it took.
    std::size_t send_until_full(std::string_view bytes) const {
        std::size_t sent = 0;
        pollfd watched{socket_.number(), POLLOUT, 0};
        while (sent < bytes.size() && poll(&watched, 1, 500) == 1) {
            const ssize_t taken =
                ::send(socket_.number(), bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT);
            if (taken > 0) sent += static_cast<std::size_t>(taken);
        }
        return sent;
    }

    // Everything that comes until it ends with these words, or until the server closes.
    std::string read_until(std::string_view words) {
        std::string all;
        char buffer[4096];
        while (words.empty() || !all.ends_with(words)) {
            pollfd watched{socket_.number(), POLLIN, 0};
            if (poll(&watched, 1, patience) != 1) return all + " (nothing more for a minute)";
            const ssize_t count = recv(socket_.number(), buffer, sizeof buffer, 0);
            if (count <= 0) break;
            all.append(buffer, static_cast<std::size_t>(count));
        }
        return all;
    }
    // Reads until the server closes, and closes as well, because the server waits for that (at most
    // five seconds of silence).
    std::string read_to_end() {
        const std::string all = read_until("");
        close();
        return all;
    }
    void close() { socket_.close(); }
    void reset() {  // breaks the connection with RST
        const linger at_once{1, 0};
        setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

  private:
    Socket socket_;
    bool connected_ = false;
};

std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
}
std::string post(const std::string& path) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
}

// A protocol that echoes, and that also speaks when another client requests /wake.
class Sleeper : public Protocol {
  public:
    explicit Sleeper(bool dropped = false) : dropped_(dropped) {}

    void open(std::function<void()> wake) override { wake_ = std::move(wake); }
    void feed(std::string_view bytes) override { output_ += bytes; }
    void end_of_input() override { finished_ = true; }
    std::string take_output() override { return std::exchange(output_, {}); }
    bool finished() const override { return finished_; }
    bool dropped() const override { return dropped_; }
    Clock::time_point deadline() const override { return Clock::time_point::max(); }
    void time_out() override {}
    void stop() override {
        output_ += "good bye";
        finished_ = true;
    }
    void say(std::string_view words) {
        output_ += words;
        wake_();
    }

  private:
    const bool dropped_;
    std::string output_;
    std::function<void()> wake_;
    bool finished_ = false;
};

// The loops, which are a process of their own from start() on. Every POST is for a worker, and one
// to /slow waits until the test lets it go on.
class Loops {
  public:
    // The case is run once with each of these.
    explicit Loops(std::size_t count = 1) : count_(count) {
        SUBCASE("poll") {
            engine_ = "poll";
        }
        if (!has_epoll) return;
        SUBCASE("epoll") {
            engine_ = "epoll";
        }
    }
    ~Loops() {
        if (process_ > 0) stop();
    }
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    // `connected`: the clients that are already connected. The new process closes its copies of
    // their sockets.
    void start(const std::vector<Peer*>& connected = {}) {
        process_ = fork();
        REQUIRE(process_ >= 0);
        if (process_ > 0) return;
#if defined(__linux__)
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // if the test dies, so do the loops
#endif
        for (Peer* const client : connected) client->close();
        _exit(run());
    }
    void ask_to_stop() const {
        kill(process_, SIGTERM);
    }
    // The exit code of the process.
    int wait() {
        int status = 0;
        waitpid(std::exchange(process_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    int stop() {
        ask_to_stop();
        return wait();
    }

    Socket listener = listen_anywhere();
    Limits limits{};
    Pipe begun;  // from /slow
    Pipe go_on;  // to /slow

  private:
    int run() {
        handle_signals();
        auto sleeper = std::make_shared<Sleeper>();
        int busy = 0;
        const Handler handler = [&](Request& request) {
            if (!request.refusal.empty()) {
                Response refusal = Response::error(503, request.refusal);
                refusal.headers.add("Refused", "by the handler");
                return refusal;
            }
            if (request.path == "/slow") {
                begun.put();
                if (!go_on.take()) return Response::error(500, "The test did not let me go on.");
            }
            if (request.path == "/large") return Response::text(std::string(20 << 20, 'x') + "end");
            if (request.path == "/throw") throw std::bad_alloc();
            if (request.path == "/busy") {  // it has work that is done in the loop
                std::this_thread::sleep_for(std::chrono::milliseconds(3));
                ++busy;
            }
            if (request.path == "/descriptors")
                return Response::text(std::to_string(open_descriptors()) + " open");
            if (request.path == "/how-busy")
                return Response::text(std::to_string(busy) + " so far");
            Response response = Response::text(request.path);
            if (request.path == "/switch") {
                response = Response{101, {}, ""};
                response.protocol = sleeper;
            }
            if (request.path == "/drop") {
                response = Response{101, {}, ""};
                response.protocol = std::make_shared<Sleeper>(true);
            }
            if (request.path == "/wake") sleeper->say("awake");
            return response;
        };
        Program program{"Test", {}, handler, limits};
        program.needs_worker = [](const Request& request) { return request.method == "POST"; };
        EventLoops(listener, count_, program, nullptr, engine_).run();
        return 0;
    }

    std::size_t count_;
    std::string engine_;
    pid_t process_ = 0;
};

bool has(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}
}  // namespace

TEST_CASE("event loops answer request after request on many connections at once") {
    Loops loops(2);
    loops.start();
    std::vector<std::unique_ptr<Peer>> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Peer>(loops.listener));
    for (int round = 0; round < 3; ++round) {
        for (const auto& client : clients) client->send(get("/x"));
        for (const auto& client : clients) CHECK(client->read_until("/x").ends_with("\r\n\r\n/x"));
    }
    clients.clear();
    CHECK(loops.stop() == 0);
}

TEST_CASE("a request in pieces is answered, even if the client has ended its side") {
    Loops loops;
    loops.start();
    Peer client(loops.listener);
    client.send("GET /one HT");
    Peer other(loops.listener);  // when this one is answered, the first piece has been read
    other.send(get("/x"));
    other.read_until("/x");
    client.send("TP/1.1\r\nHost: a\r\n\r\n" + get("/two"));
    client.end();
    const auto output = client.read_to_end();
    CHECK(output.find("/one") < output.find("/two"));
    CHECK(output.ends_with("/two"));
}

TEST_CASE("a handler that waits holds up no other client of its loop") {
    Loops loops;
    loops.start();
    Peer waits(loops.listener), other(loops.listener);
    waits.send(post("/slow"));
    REQUIRE(loops.begun.take());
    other.send(get("/quick"));
    CHECK(other.read_until("/quick").ends_with("/quick"));
    loops.go_on.put();
    CHECK(waits.read_until("/slow").ends_with("/slow"));
}

TEST_CASE("a client that sends many requests at once doesn't hold up another until the last") {
    Loops loops;
    Peer many(loops.listener), other(loops.listener);
    std::string requests;
    for (int i = 0; i < 200; ++i) requests += get("/busy");
    many.send(requests + get("/last"));
    other.send(get("/how-busy"));
    loops.start({&many, &other});
    const auto reply = other.read_until(" so far");
    CHECK(std::stoi(reply.substr(reply.find("\r\n\r\n") + 4)) < 20);
    CHECK(occurrences(many.read_until("/last"), "/busy") == 200);
}

TEST_CASE("requests behind one that is with a worker are answered after it") {
    Loops loops;
    loops.start();
    Peer client(loops.listener);
    client.send(get("/1") + post("/slow") + get("/3"));
    REQUIRE(loops.begun.take());
    client.send(get("/4"));
    loops.go_on.put();
    const auto output = client.read_until("/4");
    CHECK(output.find("/1") < output.find("/slow"));
    CHECK(output.find("/slow") < output.find("/3"));
    CHECK(output.ends_with("/4"));
}

TEST_CASE("a client that reads late gets all of its replies, including those of workers") {
    Loops loops;
    loops.limits.requests = 100'000;
    loops.start();
    Peer client(loops.listener);
    // Each POST is found while the reply before it is still to be sent. So when the kernel has no
    // more room for that reply, there is also a request that hasn't been handed to a worker yet.
    std::string requests;
    for (int i = 0; i < 3'000; ++i) requests += get("/" + std::string(4'000, 'x')) + post("/y");
    requests.resize(client.send_until_full(requests));
    client.end();
    const auto output = client.read_to_end();
    CHECK(occurrences(requests, post("/y")) > 100);
    CHECK(occurrences(output, "\r\n\r\n/y") == occurrences(requests, post("/y")));
}

TEST_CASE("a client that leaves while its handler waits does no harm to others") {
    Loops loops;
    loops.start();
    Peer leaves(loops.listener), other(loops.listener);
    leaves.send(get("/read"));
    leaves.read_until("/read");
    leaves.send(get("/unread") + post("/slow"));
    REQUIRE(loops.begun.take());
    leaves.close();  // with a reply that it hasn't read, so the connection breaks at once
    for (int i = 0; i < 2; ++i) {
        other.send(get("/x"));
        CHECK(other.read_until("/x").ends_with("/x"));
        if (i == 0) loops.go_on.put();
    }
    other.close();
    CHECK(loops.stop() == 0);
}

TEST_CASE("a client that reads nothing of a large reply holds up no other") {
    Loops loops;
    loops.start();
    Peer lazy(loops.listener), other(loops.listener);
    lazy.send(get("/large"));
    for (int i = 0; i < 5; ++i) {
        other.send(get("/x"));
        CHECK(other.read_until("/x").ends_with("/x"));
    }
    const auto reply = lazy.read_until("end");  // and it still gets its reply
    CHECK(reply.size() > 20 << 20);
    CHECK(reply.ends_with("xend"));
}

TEST_CASE("a handler's exception is answered with 500, and its connection goes on") {
    Loops loops;
    loops.start();
    Peer client(loops.listener);
    client.send(get("/throw") + get("/x"));
    const auto output = client.read_until("/x");
    CHECK(has(output, "HTTP/1.1 500"));
    CHECK(output.ends_with("/x"));
}

TEST_CASE("a protocol is woken by other clients, and is fed what its own client sends") {
    Loops loops;
    loops.start();
    Peer upgraded(loops.listener), other(loops.listener);
    upgraded.send(get("/switch") + "early ");
    CHECK(upgraded.read_until("early ").starts_with("HTTP/1.1 101"));
    other.send(get("/wake"));
    CHECK(other.read_until("/wake").ends_with("/wake"));
    CHECK(upgraded.read_until("awake") == "awake");
    upgraded.send("late");
    CHECK(upgraded.read_until("late") == "late");
    loops.ask_to_stop();
    CHECK(upgraded.read_to_end() == "good bye");
    CHECK(loops.wait() == 0);
}

TEST_CASE("a client of a protocol that drops it from the beginning is let go at once") {
    Loops loops;
    loops.start();
    Peer client(loops.listener);
    client.send(get("/drop"));
    const std::string all = client.read_to_end();
    CHECK(all.starts_with("HTTP/1.1 101"));
    CHECK_FALSE(has(all, "nothing more"));
    CHECK(loops.stop() == 0);
}

TEST_CASE("a client that sends nothing after its reply is let go when its time is over") {
    Loops loops;
    loops.limits.idle = std::chrono::seconds(0);
    loops.start();
    Peer client(loops.listener);
    client.send(get("/x"));
    CHECK(client.read_to_end().ends_with("/x"));
    CHECK(loops.stop() == 0);
}

TEST_CASE("a client that doesn't finish its request is sent 408 when its time is over") {
    Loops loops;
    loops.limits.request_head = std::chrono::seconds(0);
    Peer begins(loops.listener), silent(loops.listener);
    begins.send("GET / HT");  // it is there before the loop looks for the first time
    loops.start({&begins, &silent});
    CHECK(begins.read_to_end().starts_with("HTTP/1.1 408"));
    CHECK(silent.read_to_end().empty());
}

TEST_CASE("loops that are asked to stop let idle clients go at once, and refuse new ones") {
    Loops loops(2);
    loops.start();
    Peer idle(loops.listener), fresh(loops.listener);
    idle.send(get("/x"));
    idle.read_until("/x");
    const auto before = Clock::now();
    loops.ask_to_stop();
    CHECK(idle.read_to_end().empty());
    CHECK(fresh.read_to_end().empty());
    CHECK(loops.wait() == 0);
    CHECK(Clock::now() - before < std::chrono::seconds(4));  // not the five that a drain may take
    CHECK_FALSE(Peer(loops.listener).connected());
}

TEST_CASE("loops that are asked to stop finish replies under way, and say that they are the last") {
    Loops loops;
    loops.start();
    Peer waits(loops.listener), idle(loops.listener);
    waits.send(post("/slow"));
    REQUIRE(loops.begun.take());
    loops.ask_to_stop();
    CHECK(idle.read_to_end().empty());  // the stop has been noticed
    loops.go_on.put();
    const auto output = waits.read_to_end();
    CHECK(has(output, "Connection: close\r\n"));
    CHECK(output.ends_with("/slow"));
    CHECK(loops.wait() == 0);
}

namespace {

// As many clients as there are workers, each of which waits in a handler until go_on.
std::vector<std::unique_ptr<Peer>> keep_workers_busy(const Loops& loops) {
    std::vector<std::unique_ptr<Peer>> clients;
    for (int i = 0; i < 16; ++i) {
        clients.push_back(std::make_unique<Peer>(loops.listener));
        clients.back()->send(post("/slow"));
        REQUIRE(loops.begun.take());
    }
    return clients;
}

void let_go_on(const Loops& loops, const std::vector<std::unique_ptr<Peer>>& clients) {
    for (std::size_t i = 0; i < clients.size(); ++i) loops.go_on.put();
    for (const auto& client : clients) CHECK(client->read_until("/slow").ends_with("/slow"));
}

}  // namespace

TEST_CASE("a request that no worker begins in time is refused, and its client is served on") {
    Loops loops;
    loops.limits.worker = std::chrono::seconds(1);
    loops.start();
    const auto busy = keep_workers_busy(loops);
    Peer client(loops.listener);
    client.send(post("/late"));
    const auto reply = client.read_until("</html>\n");
    CHECK(reply.starts_with("HTTP/1.1 503 "));
    CHECK(has(reply, "\r\nRetry-After: "));
    CHECK(has(reply, "\r\nRefused: by the handler\r\n"));
    let_go_on(loops, busy);  // those that have begun are finished, however late
    client.send(post("/again"));
    CHECK(client.read_until("/again").ends_with("\r\n\r\n/again"));
}

TEST_CASE("a request that waits for a worker goes with its client") {
    Loops loops;
    loops.start();
    const auto busy = keep_workers_busy(loops);
    Peer other(loops.listener);
    const auto open_descriptors_there = [&other] {
        other.send(get("/descriptors"));
        const auto reply = other.read_until(" open");
        return reply.substr(reply.find("\r\n\r\n"));
    };
    const auto open = open_descriptors_there();
    Peer leaves(loops.listener);
    leaves.send(post("/slow"));
    other.send(get("/1"));
    other.read_until("/1");  // by now the loop has seen the request
    leaves.reset();
    // The first of these may be answered before the loop has looked at that client again, and the
    // second just before it gets to it, but not the third.
    for (const std::string target : {"/2", "/3", "/4"}) {
        other.send(get(target));
        other.read_until(target);
    }
    CHECK(open_descriptors_there() == open);
    let_go_on(loops, busy);
    other.send(post("/next"));
    CHECK(other.read_until("/next").ends_with("\r\n\r\n/next"));
    CHECK(loops.begun.is_empty());
}
