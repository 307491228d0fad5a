// How long the server worked on a reply, for the "Timing" tab of a browser's developer tools:
//     Server-Timing: app;dur=0.3
// in milliseconds (W3C Server Timing). The access log has the same time, but the client can't see
// that.
// Leaves out: parts of it, such as the time for the database. A handler may add a field of its own.
// Every client can read the field, so do without it where the time taken could betray a secret.
#pragma once

#include <string>

#include "handler.hpp"

struct TimingOptions {
    std::string metric = "app";  // a token: the name that the browser shows
};

// Adds the field to every reply. Throws std::invalid_argument if the metric isn't a token.
Middleware timing(TimingOptions options = {});
