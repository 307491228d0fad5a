// Most cases are run by one process, one after another. A case that mostly waits for a deadline has
// a process, and so a server, to itself, and waits beside the others.
#include "supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cstring>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "printer.hpp"
#include "process.hpp"
#include "process_tree.hpp"
#include "report_files.hpp"
#include "settings.hpp"
#include "worker.hpp"

namespace {

constexpr int most_unanswered = 3;  // in a row; then the rest would only take long
constexpr double diagnosis_seconds = 25;
constexpr double between_looks = 0.5;  // at the clock

int channel = -1;  // in a process that runs cases: to the supervisor
volatile sig_atomic_t interrupted = 0;

struct Worker {
    pid_t pid = -1;
    int pipe = -1;
    std::string bytes;              // that have arrived, and are no complete message yet
    std::vector<std::size_t> todo;  // cases that have not begun
    std::optional<std::size_t> running;
    double since = 0;
    std::vector<std::string> reports;  // of the running case
    std::set<std::string> groups;
    std::set<std::string> folders;
};

// The program as it becomes in a new process: `task` is all that it does.
template <typename Task>
Worker start_worker(std::vector<std::size_t> todo, Task task) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe for another process");
    for (int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
    Worker worker;
    worker.pid = fork();
    if (worker.pid < 0) throw std::runtime_error("no other process can be started");
    if (worker.pid == 0) {
        // A Ctrl-C and the like are the supervisor's business.
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        close(ends[0]);
        channel = ends[1];
        task(todo);
        _exit(0);
    }
    close(ends[1]);
    worker.pipe = ends[0];
    worker.todo = std::move(todo);
    worker.since = now();
    return worker;
}

class Supervisor {
  public:
    explicit Supervisor(Book& book) : book_(book) {}

    void run() {
        book_.results.assign(book_.plan.size(), Result{});
        write_report(book_);
        std::vector<std::size_t> in_order;
        for (std::size_t i = 0; i < book_.plan.size(); ++i) {
            if (settings().next || !book_.plan[i].waits)
                in_order.push_back(i);
            else
                start({i});
        }
        if (!in_order.empty()) start(in_order);
        listen_to_workers();
        if (book_.end == RunEnd::unanswered) diagnose();
    }

  private:
    void start(std::vector<std::size_t> todo) {
        workers_.push_back(start_worker(
            std::move(todo),
            [&](const std::vector<std::size_t>& cases) { run_cases(book_.plan, cases); }));
    }

    void diagnose() {
        workers_.push_back(start_worker({}, [](const auto&) { run_diagnosis(); }));
        end_at_ = now() + diagnosis_seconds;
        book_.end = RunEnd::complete;
        listen_to_workers();
        if (book_.end != RunEnd::interrupted) book_.end = RunEnd::unanswered;
    }

    void listen_to_workers() {
        while (!workers_.empty() && book_.end == RunEnd::complete) {
            wait_for_messages();
            if (interrupted) book_.end = RunEnd::interrupted;
            if (book_.end == RunEnd::complete && now() > end_at_) book_.end = RunEnd::time_up;
        }
        for (Worker& worker : workers_) {
            if (book_.end == RunEnd::time_up && worker.running)
                fail(worker, "Time is up: the run has taken " +
                                 std::to_string(settings().limit_seconds) +
                                 " s (--limit=SECONDS).");
            end(worker);
        }
        workers_.clear();
    }

    void wait_for_messages() {
        std::vector<pollfd> ready;
        for (const Worker& worker : workers_) ready.push_back({worker.pipe, POLLIN, 0});
        poll(ready.data(), static_cast<nfds_t>(ready.size()),
             static_cast<int>(between_looks * 1000));
        std::vector<Worker> before = std::exchange(workers_, {});
        for (std::size_t i = 0; i < before.size(); ++i) {
            Worker& worker = before[i];
            const bool open = ready[i].revents == 0 || read_messages(worker);
            const bool in_time = !worker.running || now() - worker.since < settings().case_seconds;
            if (open && in_time) {
                workers_.push_back(std::move(worker));
                continue;
            }
            const std::string death = end(worker);
            if (worker.running)
                fail(worker, in_time ? death_of_worker(death)
                                     : "Time is up: this case is not over after " +
                                           std::to_string(settings().case_seconds) + " s.");
            if (!worker.todo.empty() && book_.end == RunEnd::complete) start(worker.todo);
        }
    }

    static std::string death_of_worker(const std::string& death) {
        return "The process that ran this case ended with " + death +
               ". Unless the tests have a mistake, the server has done that.";
    }

    // False once the worker has ended.
    bool read_messages(Worker& worker) {
        char bytes[65536];
        const ssize_t count = read(worker.pipe, bytes, sizeof bytes);
        if (count <= 0) return count < 0 && errno == EINTR;
        worker.bytes.append(bytes, static_cast<std::size_t>(count));
        while (auto message = take_message(worker.bytes)) obey(worker, *message);
        return true;
    }

    void obey(Worker& worker, const Message& message) {
        const std::string text = message.texts.empty() ? "" : message.texts.front();
        switch (message.kind) {
            case Message::begins:
                worker.running = worker.todo.front();
                worker.todo.erase(worker.todo.begin());
                worker.since = now();
                worker.reports.clear();
                break;
            case Message::report: worker.reports.push_back(text); break;
            case Message::ends: write_down(worker, to_result(message)); break;
            case Message::group: worker.groups.insert(text); break;
            case Message::no_group: worker.groups.erase(text); break;
            case Message::folder: worker.folders.insert(text); break;
            case Message::complaint: book_.complaints.push_back(text); break;
            case Message::says: book_.diagnosis += text + "\n"; break;
        }
    }

    void write_down(Worker& worker, Result result) {
        const std::size_t index = *std::exchange(worker.running, std::nullopt);
        result.reports = std::move(worker.reports);
        const bool failed = result.verdict == Verdict::failed;
        if (result.verdict != Verdict::skipped)
            unanswered_ = failed && result.unanswered ? unanswered_ + 1 : 0;
        book_.results[index] = std::move(result);
        printer_.print(book_.plan[index], book_.results[index]);
        write_report(book_);
        if (failed && settings().next) book_.end = RunEnd::first_failure;
        if (unanswered_ == most_unanswered) book_.end = RunEnd::unanswered;
    }

    void fail(Worker& worker, const std::string& report) {
        Result result;
        result.verdict = Verdict::failed;
        result.unanswered = true;  // as far as is known
        result.seconds = now() - worker.since;
        worker.reports.push_back(report);
        write_down(worker, result);
    }

    // Ends the worker, with all that it has started and left behind. Returns how it ended.
    static std::string end(Worker& worker) {
        int status = 0;
        pid_t ended = 0;
        for (int wait = 0; wait < 20 && (ended = waitpid(worker.pid, &status, WNOHANG)) == 0;
             ++wait)
            if (worker.running || !worker.todo.empty())
                break;
            else
                let_pass(0.05);
        if (ended == 0) {
            kill(worker.pid, SIGKILL);
            waitpid(worker.pid, &status, 0);
        }
        close(worker.pipe);
        for (const std::string& group : worker.groups) kill(-std::stoi(group), SIGKILL);
        std::error_code ignored;  // the folder may already be gone, which is what we want
        for (const std::string& folder : worker.folders)
            std::filesystem::remove_all(folder, ignored);
        if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
        return "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) +
               ")";
    }

    Book& book_;
    Printer printer_;
    std::vector<Worker> workers_;
    double end_at_ = now() + settings().limit_seconds;
    int unanswered_ = 0;
};

}  // namespace

void supervise(Book& book) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, [](int) { interrupted = 1; });
    set_mark_of_run();
    const double start = now();
    Supervisor(book).run();
    end_marked(mark_of_run());
    book.seconds = now() - start;
    write_report(book);
}

void tell_supervisor(const Message& message) {
    send_message(channel, message);
}
void watch_group(pid_t group) {
    tell_supervisor({Message::group, {std::to_string(group)}});
}
void unwatch_group(pid_t group) {
    tell_supervisor({Message::no_group, {std::to_string(group)}});
}
void watch_folder(const std::filesystem::path& folder) {
    tell_supervisor({Message::folder, {std::filesystem::absolute(folder).string()}});
}
