// Which page asks? Browsers say it in the field Origin: a scheme, a host and perhaps a port, such
// as http://localhost:9000 (RFC 6454 §6.1). No page can forge it.
// Leaves out: the scheme. Behind a proxy it is https for the browser and http for us.
#pragma once

#include "headers.hpp"

// True if there is one Origin, and its host and port are those by which the client calls us (Host).
// "null", which stands for a page without an origin of its own (in a sandboxed frame, or a local
// file), is never ours.
bool is_same_origin(const Headers& headers);
