// How long the server worked on a reply, for the "Timing" tab of a browser's developer tools:
//     Server-Timing: app;dur=0.3
// in milliseconds (W3C Server Timing). The access log has the time too, but only on our side.
// Leaves out: parts, such as the time for the database. A handler may add a field of its own.
// Everybody can read the field: do without it where the time taken tells a secret.
#pragma once

#include <string>

#include "handler.hpp"

struct TimingOptions {
    std::string metric = "app";  // a token: the name that the browser shows
};

// Adds the field to every reply. Throws std::invalid_argument if the metric is no token.
Middleware timing(TimingOptions options = {});
