// Which page has sent a request? The browser says so in the field Origin: a scheme, a host and
// perhaps a port, such as http://localhost:9000 (RFC 6454 §6.1). A page can't forge it.
// Leaves out: the scheme. Behind a proxy it is https for the browser and http for us.
#pragma once

#include <string_view>

#include "headers.hpp"

// True if there is exactly one Origin, and its host and port are those in the field Host, which may
// also name the port that the scheme has anyway (80 or 443). The origin "null" belongs to a page
// without an origin of its own (in a sandboxed frame, or a local file), and is never the same as ours.
bool is_same_origin(const Headers& headers);

// True if a browser may send this as an Origin: a scheme in lower case, and a host and a port in
// the one form in which browsers write them (no path, no user, not the scheme's own port; WHATWG
// URL §3.5 and §4.5). For what is compared with Origin: a text in another form would never match.
bool is_origin(std::string_view text);
