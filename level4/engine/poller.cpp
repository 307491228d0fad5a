// Both ways to wait: see poller.hpp.
#include "engine/poller.hpp"

#include <poll.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../common/descriptor.hpp"

namespace {

// A descriptor is a small number, so it is the place in the list. poll() passes over a negative
// one.
class PollPoller : public Poller {
  public:
    bool add(int descriptor, Watch watch, std::uint64_t id) override {
        const auto place = static_cast<std::size_t>(descriptor);
        if (place >= watched_.size()) {
            watched_.resize(place + 1, {-1, 0, 0});
            ids_.resize(place + 1);
        }
        watched_[place] = {descriptor, events_of(watch), 0};
        ids_[place] = id;
        return true;
    }

    bool change(int descriptor, Watch watch, std::uint64_t id) override {
        return add(descriptor, watch, id);
    }

    void remove(int descriptor) override {
        const auto place = static_cast<std::size_t>(descriptor);
        if (place < watched_.size()) watched_[place].fd = -1;
    }

    void forget(int descriptor) override { remove(descriptor); }

    std::span<const Event> wait(int milliseconds) override {
        events_.clear();
        int left = poll(watched_.data(), static_cast<nfds_t>(watched_.size()), milliseconds);
        for (std::size_t place = 0; left > 0; ++place) {
            const pollfd& found = watched_[place];
            if (found.fd < 0 || found.revents == 0) continue;
            events_.push_back({ids_[place], (found.revents & gone) != 0});
            --left;
        }
        return events_;
    }

  private:
    // macOS calls a connection hung up as soon as the client sends no more.
#if defined(__APPLE__)
    static constexpr short gone = POLLERR;
#else
    static constexpr short gone = POLLERR | POLLHUP;
#endif

    static short events_of(Watch watch) {
        if (watch == Watch::nothing) return 0;
        return watch == Watch::output ? POLLOUT : POLLIN;
    }

    std::vector<pollfd> watched_;
    std::vector<std::uint64_t> ids_;  // by the same places
    std::vector<Event> events_;
};

}  // namespace

#if defined(__linux__)

#include <sys/epoll.h>

#include <array>

namespace {

class EpollPoller : public Poller {
  public:
    EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (!epoll_) throw std::runtime_error("Cannot set up epoll");
    }

    bool add(int descriptor, Watch watch, std::uint64_t id) override {
        return control(EPOLL_CTL_ADD, descriptor, watch, id);
    }

    bool change(int descriptor, Watch watch, std::uint64_t id) override {
        return control(EPOLL_CTL_MOD, descriptor, watch, id);
    }

    void remove(int descriptor) override { control(EPOLL_CTL_DEL, descriptor, Watch::nothing, 0); }

    void forget(int) override {}

    std::span<const Event> wait(int milliseconds) override {
        const int count = epoll_wait(epoll_.number(), found_.data(),
                                     static_cast<int>(found_.size()), milliseconds);
        if (count < 0) return {};  // after a signal
        const auto size = static_cast<std::size_t>(count);
        for (std::size_t i = 0; i < size; ++i) {
            events_[i] = {found_[i].data.u64, (found_[i].events & (EPOLLERR | EPOLLHUP)) != 0};
        }
        return {events_.data(), size};
    }

  private:
    bool control(int operation, int descriptor, Watch watch, std::uint64_t id) const {
        epoll_event event{};
        event.events = events_of(watch);
        event.data.u64 = id;
        return epoll_ctl(epoll_.number(), operation, descriptor, &event) == 0;
    }

    static std::uint32_t events_of(Watch watch) {
        switch (watch) {
            case Watch::nothing: return 0;
            case Watch::input: return EPOLLIN;
            case Watch::output: return EPOLLOUT;
            case Watch::clients: return EPOLLIN | EPOLLEXCLUSIVE;
        }
        return 0;
    }

    Descriptor epoll_;
    std::array<epoll_event, 256> found_;
    std::array<Event, 256> events_;
};

}  // namespace

#endif

// An exercise, if you have a Mac: write a KqueuePoller. kevent() both changes the kernel's list and
// waits, and for it reading and writing are two entries (EVFILT_READ, EVFILT_WRITE).
std::unique_ptr<Poller> make_poller(std::string_view engine) {
    if (engine == "poll") return std::make_unique<PollPoller>();
#if defined(__linux__)
    if (engine == "epoll") return std::make_unique<EpollPoller>();
#endif
    throw std::runtime_error("This system has no " + std::string(engine) + ".");
}
