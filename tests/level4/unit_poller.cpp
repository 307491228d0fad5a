// poller.hpp on pairs of sockets, with each way to wait that this system has.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../common/descriptor.hpp"
#include "../common/system.hpp"
#include "engine/poller.hpp"

namespace {

using Watch = Poller::Watch;
using Ids = std::vector<std::uint64_t>;

// The case is run once with each of them.
std::unique_ptr<Poller> any_poller() {
    std::string engine = "poll";
    SUBCASE("poll") {}
    if (has_epoll) {
        SUBCASE("epoll") {
            engine = "epoll";
        }
    }
    return make_poller(engine);
}

// Two connected sockets.
struct Pair {
    Pair() {
        int ends[2] = {-1, -1};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        ours = Descriptor(ends[0]);
        theirs = Descriptor(ends[1]);
    }
    void say() const { REQUIRE(write(theirs.number(), "x", 1) == 1); }

    Descriptor ours, theirs;
};

// Whose events are there now, in order.
Ids ready(Poller& poller) {
    Ids ids;
    for (const auto& event : poller.wait(0)) ids.push_back(event.id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

}  // namespace

TEST_CASE("a poller tells who has something to read, again and again until it is read") {
    const auto poller = any_poller();
    const Pair quiet, loud;
    REQUIRE(poller->add(quiet.ours.number(), Watch::input, 7));
    REQUIRE(poller->add(loud.ours.number(), Watch::input, 8));
    CHECK(ready(*poller).empty());
    loud.say();
    CHECK(ready(*poller) == Ids{8});
    CHECK(ready(*poller) == Ids{8});
    char byte = 0;
    REQUIRE(read(loud.ours.number(), &byte, 1) == 1);
    CHECK(ready(*poller).empty());
}

TEST_CASE("a poller tells only what was asked for last") {
    const auto poller = any_poller();
    const Pair pair;
    pair.say();
    REQUIRE(poller->add(pair.ours.number(), Watch::nothing, 7));
    CHECK(ready(*poller).empty());
    REQUIRE(poller->change(pair.ours.number(), Watch::output, 7));
    CHECK(ready(*poller) == Ids{7});
    REQUIRE(poller->change(pair.ours.number(), Watch::input, 7));
    CHECK(ready(*poller) == Ids{7});
    REQUIRE(poller->change(pair.ours.number(), Watch::nothing, 7));
    CHECK(ready(*poller).empty());
}

TEST_CASE("a half-closed client isn't gone, and a closed one is") {
    const auto poller = any_poller();
    Pair pair;
    REQUIRE(poller->add(pair.ours.number(), Watch::input, 7));
    shutdown(pair.theirs.number(), SHUT_WR);
    auto events = poller->wait(0);
    REQUIRE(events.size() == 1);
    CHECK_FALSE(events.front().gone);
    if (!has_epoll) return;  // macOS tells the one like the other
    REQUIRE(poller->change(pair.ours.number(), Watch::nothing, 7));
    pair.theirs.close();
    events = poller->wait(0);
    REQUIRE(events.size() == 1);
    CHECK(events.front().gone);
}

TEST_CASE("what was removed is not watched, and can be added again") {
    const auto poller = any_poller();
    const Pair pair;
    REQUIRE(poller->add(pair.ours.number(), Watch::clients, 7));
    pair.say();
    CHECK(ready(*poller) == Ids{7});
    poller->remove(pair.ours.number());
    CHECK(ready(*poller).empty());
    REQUIRE(poller->add(pair.ours.number(), Watch::clients, 7));
    CHECK(ready(*poller) == Ids{7});
}

TEST_CASE("a descriptor that was closed is forgotten, and its number is free for another") {
    const auto poller = any_poller();
    Pair first;
    REQUIRE(poller->add(first.ours.number(), Watch::input, 7));
    const int number = first.ours.number();
    poller->forget(number);
    first.ours.close();
    first.theirs.close();
    CHECK(ready(*poller).empty());
    const Pair second;  // gets the numbers that the first one had
    REQUIRE(second.ours.number() == number);
    second.say();
    CHECK(ready(*poller).empty());
    REQUIRE(poller->add(number, Watch::input, 8));
    CHECK(ready(*poller) == Ids{8});
}

TEST_CASE("a poller that is asked about many names each of them once") {
    const auto poller = any_poller();
    const std::vector<Pair> pairs(300);
    Ids expected, found;
    for (const Pair& pair : pairs) {
        pair.say();
        expected.push_back(expected.size());
        REQUIRE(poller->add(pair.ours.number(), Watch::input, expected.back()));
    }
    char byte = 0;
    while (found.size() < pairs.size()) {
        const Ids ids = ready(*poller);
        REQUIRE_FALSE(ids.empty());
        for (const auto id : ids) REQUIRE(read(pairs[id].ours.number(), &byte, 1) == 1);
        found.insert(found.end(), ids.begin(), ids.end());
    }
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
}

TEST_CASE("a way to wait that the system does not have is refused") {
    CHECK_THROWS_AS(make_poller("threads"), std::runtime_error);
}
