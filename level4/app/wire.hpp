// The wire, live (--wire): what passes on all other connections, at /wire, a moment after it has
// passed. It shows what TRACE=1 shows, put in order, and without the secrets.
// Leaves out: readers on other machines. A page like this one is for the person who runs the
// server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "../../common/trace.hpp"
#include "app/wire_reader.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "stream/event_stream.hpp"

class Wire {
  public:
    static constexpr std::size_t most_exchanges = 200;     // that are kept
    static constexpr std::size_t most_bytes = 256 * 1024;  // for the steps of all exchanges

    // Watches the trace until its end. The templates must outlive the wire, and the wire must
    // outlive the server.
    explicit Wire(TemplateFolder& templates);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // /wire, the page, and /wire/events, its stream: first all that is remembered, then what
    // passes.
    void add_routes(Router& router);

  private:
    void observe(int connection, char direction, std::string_view bytes, Traced what) noexcept;
    void publish(int connection, const std::vector<WireStep>& steps);
    void forget_oldest();
    Response subscribe();
    void leave_out(int connection);

    TemplateFolder& templates_;
    std::mutex mutex_;  // guards what follows, but not while a client is written to
    std::int64_t exchanges_ = 0;
    std::map<int, WireReader> readers_;  // by the connection's number
    struct Remembered {
        std::int64_t exchange;
        Event event;
    };
    std::deque<Remembered> remembered_;             // the oldest first
    std::map<std::int64_t, std::size_t> steps_of_;  // how many of them each exchange has
    std::size_t bytes_ = 0;
    std::int64_t last_id_ = 0;
    EventChannel channel_;
};
