// A conversation without a socket, for unit tests: bytes go in, and what the server answers comes
// out. It is compiled against the level under test, and uses only what all levels have.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "connection.hpp"

// `Kind` is the class that holds the conversation: a Connection, or at level 4 a Conversation.
template <typename Kind>
struct TalkWith {
    explicit TalkWith(Handler answer) : handler(std::move(answer)) {}
    TalkWith(const TalkWith&) = delete;
    TalkWith& operator=(const TalkWith&) = delete;

    // Everything that the server answers to these bytes.
    std::string say(std::string_view bytes) {
        connection.feed(bytes);
        return listen();
    }
    std::string listen() {
        std::string all;
        for (std::string piece; !(piece = connection.take_output()).empty();) all += piece;
        return all;
    }

    Handler handler;
    Limits limits{};
    Kind connection{Connection(handler, limits, nullptr, "test")};
};

using Talk = TalkWith<Connection>;
