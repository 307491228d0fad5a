// See wire.hpp. An event of the wire must not make another event, or there would be no end. So the
// connections that carry them are known by their numbers, and not looked at.
#include "app/wire.hpp"

#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "body/json.hpp"

namespace {

// A client is sent all that is remembered at once, and then there must be room for what passes.
constexpr std::size_t most_waiting = 2 * Wire::most_bytes;

constexpr std::size_t cost_of_step = 128;  // bytes that each takes beside its text, about

std::string to_json(int connection, const WireStep& step) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const std::chrono::duration<double, std::milli> after = step.after;
    return Json{{"exchange", step.exchange},
                {"connection", connection},
                {"direction", std::string(1, step.direction)},
                {"time", time},
                {"after", after.count()},
                {"text", step.text}}
        .dump();
}

}  // namespace

Wire::Wire(TemplateFolder& templates)
    : templates_(templates),
      channel_(most_waiting, [this](int connection) { leave_out(connection); }) {
    set_trace_observer([this](int connection, char direction, std::string_view bytes, Traced what) {
        observe(connection, direction, bytes, what);
    });
}

Wire::~Wire() {
    set_trace_observer({});
}

void Wire::add_routes(Router& router) {
    router.get("/wire", [this](const Request&) {
        auto response =
            Response::html(templates_.render_template("wire.html", Json{{"title", "The wire"}}));
        response.headers.add("Cache-Control", "no-store");
        return response;
    });
    router.get("/wire/events", [this](const Request&) { return subscribe(); });
}

// Called wherever bytes pass, so it must not throw. If memory has run out, the page misses a step.
void Wire::observe(int connection, char direction, std::string_view bytes, Traced what) noexcept
    try {
    const std::lock_guard lock(mutex_);
    auto reader = readers_.find(connection);
    if (direction != '*') {
        if (reader == readers_.end()) reader = readers_.emplace(connection, exchanges_).first;
        return publish(connection, reader->second.read(direction, bytes, what));
    }
    // A client has come or gone. The system gives numbers again, but not before they are free.
    if (reader == readers_.end()) return;
    auto ended = readers_.extract(reader);
    publish(connection, ended.mapped().end());
} catch (const std::exception&) {
}

void Wire::publish(int connection, const std::vector<WireStep>& steps) {
    for (const WireStep& step : steps) {
        const Event event{++last_id_, to_json(connection, step)};
        ++steps_of_[step.exchange];
        bytes_ += event.data.size() + cost_of_step;
        remembered_.push_back({step.exchange, event});
        forget_oldest();
        channel_.publish(event);
    }
}

void Wire::forget_oldest() {
    while (bytes_ > most_bytes || steps_of_.size() > most_exchanges) {
        const Remembered& oldest = remembered_.front();
        const auto steps = steps_of_.find(oldest.exchange);
        if (--steps->second == 0) steps_of_.erase(steps);
        bytes_ -= oldest.event.data.size() + cost_of_step;
        remembered_.pop_front();
    }
}

// The page begins anew with each connection, so what it had before doesn't matter.
Response Wire::subscribe() {
    const std::lock_guard lock(mutex_);
    auto [response, client] = channel_.invite();
    for (const auto& each : remembered_) EventChannel::send(*client, each.event);
    channel_.join(std::move(client));
    return std::move(response);
}

void Wire::leave_out(int connection) {
    const std::lock_guard lock(mutex_);
    readers_.emplace(connection, exchanges_).first->second.leave_out();
}
