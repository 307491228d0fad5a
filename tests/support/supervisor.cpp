// Most cases are run by one process, one after another. A case that mostly waits for a deadline has
// a process, and so a server, to itself, and waits beside the others.
#include "supervisor.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "printer.hpp"
#include "process.hpp"
#include "process_tree.hpp"
#include "report_files.hpp"
#include "settings.hpp"
#include "slowness.hpp"
#include "worker.hpp"
#include "worker_process.hpp"

namespace {

constexpr int most_unanswered = 3;  // in a row; then the rest would only take long
constexpr double diagnosis_seconds = 25;
constexpr double goodbye_seconds = 10;  // for a command that has reached its own limit
constexpr double between_looks = 0.5;   // at the clock

volatile sig_atomic_t interrupted = 0;

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

    void run_command() {
        workers_.push_back(start_worker({}, [](const auto&) { run_once(); }));
        end_at_ += goodbye_seconds;
        listen_to_workers();
        if (book_.diagnosis.empty()) book_.diagnosis = "it ended the process that watched it\n";
    }

  private:
    void start(std::vector<std::size_t> todo) {
        workers_.push_back(start_worker(
            std::move(todo),
            [&](const std::vector<std::size_t>& cases) { run_cases(book_.plan, cases); }));
    }

    void diagnose() {
        workers_.push_back(start_worker({}, [](const auto&) { run_diagnosis(); }));
        const double seconds = diagnosis_seconds * slowness();
        end_at_ = now() + seconds;
        book_.end = RunEnd::complete;
        listen_to_workers();
        if (book_.end == RunEnd::time_up)
            book_.diagnosis += "It did not get further within " +
                               std::to_string(static_cast<int>(seconds)) + " s.\n";
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
                fail(worker,
                     "Time is up: the run has taken " + std::to_string(settings().limit_seconds) +
                         " s (--limit=SECONDS).",
                     false);
            end_worker(worker);
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
            const std::string death = end_worker(worker);
            if (worker.running && in_time) fail(worker, death_of_worker(death), true);
            if (worker.running) fail(worker, too_long(), false);
            if (!worker.todo.empty() && book_.end == RunEnd::complete) start(worker.todo);
        }
    }

    static std::string death_of_worker(const std::string& death) {
        return "The process that ran this case ended with " + death +
               ". Unless the tests have a mistake, the server has done that.";
    }

    static std::string too_long() {
        return "Time is up: this case is not over after " +
               std::to_string(settings().case_seconds) + " s.";
    }

    // False once the worker has ended.
    bool read_messages(Worker& worker) {
        char bytes[65536];
        const ssize_t count = read(worker.pipe, bytes, sizeof bytes);
        if (count <= 0) return count < 0 && errno == EINTR;
        worker.bytes.append(bytes, static_cast<std::size_t>(count));
        while (book_.end == RunEnd::complete) {  // the worker may be ahead of us
            const auto message = take_message(worker.bytes);
            if (!message) break;
            obey(worker, *message);
        }
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
            case Message::failure: worker.reports.push_back(text); break;
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
        if (result.verdict != Verdict::skipped && !book_.plan[index].waits)
            unanswered_ = failed && result.unanswered ? unanswered_ + 1 : 0;
        book_.results[index] = std::move(result);
        printer_.print(book_.plan[index], book_.results[index]);
        write_report(book_);
        if (failed && settings().next) book_.end = RunEnd::first_failure;
        if (unanswered_ == most_unanswered && book_.end == RunEnd::complete)
            book_.end = RunEnd::unanswered;
    }

    // `unanswered`: as far as is known, it got no reply.
    void fail(Worker& worker, const std::string& report, bool unanswered) {
        Result result;
        result.verdict = Verdict::failed;
        result.unanswered = unanswered;
        result.seconds = now() - worker.since;
        worker.reports.push_back(report);
        write_down(worker, result);
    }

    Book& book_;
    Printer printer_;
    std::vector<Worker> workers_;
    double end_at_ = now() + settings().limit_seconds;
    int unanswered_ = 0;
};

void supervised(Book& book, void (Supervisor::*task)()) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, [](int) { interrupted = 1; });
    set_mark_of_run();
    Supervisor supervisor(book);
    (supervisor.*task)();
    end_marked(mark_of_run());
}

}  // namespace

void supervise_once(Book& book) {
    supervised(book, &Supervisor::run_command);
}

void supervise(Book& book) {
    const double start = now();
    supervised(book, &Supervisor::run);
    book.seconds = now() - start;
    write_report(book);
}
