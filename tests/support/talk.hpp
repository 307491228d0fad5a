// A conversation without a socket, for unit tests: bytes in, and what the server says to them. It
// is compiled against the level that is tested, and uses only what all of them have.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "connection.hpp"

struct Talk {
    explicit Talk(Handler answer) : handler(std::move(answer)) {}
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

    // Everything that the server says to these bytes.
    std::string say(std::string_view bytes) {
        connection.receive(bytes);
        return listen();
    }
    std::string listen() {
        std::string all;
        for (std::string piece; !(piece = connection.take_output()).empty();) all += piece;
        return all;
    }

    Handler handler;
    Limits limits{};
    Connection connection{handler, limits, nullptr, "test"};
};
