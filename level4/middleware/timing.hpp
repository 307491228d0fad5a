// How long the server worked on a reply, for the "Timing" tab of a browser's developer tools:
//     Server-Timing: app;dur=0.3
// in milliseconds (W3C Server Timing). The access log has the same time, but the client can't see
// that.
// Leaves out: parts of it, such as the time for the database. A handler may add a field of its own.
// Every client can read the field, so do without it where the time taken could betray a secret.
#pragma once

#include "handler.hpp"

// A middleware. Adds the field to every reply.
Response timing(Request& request, const Next& next);
