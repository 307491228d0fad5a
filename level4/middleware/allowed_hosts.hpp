// Which names this server goes by. A server on 127.0.0.1 can be reached from this machine only, but
// a page of any site that is open in a browser here can have its own name, evil.example, point to
// 127.0.0.1 after a minute ("DNS rebinding"). To the browser our server then is evil.example, and
// the page may read and send what it likes. What gives it away is the Host field, which it can't
// choose.
// Leaves out: a server that other machines can reach. There the name is the owner's to choose.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "handler.hpp"

// True for localhost and names that end in .localhost (in any case, also with a final dot), for
// 127.0.0.0/8 and for ::1, also in brackets. Names are not looked up.
bool is_loopback_host(std::string_view name);

// True if a Host field can name it: a name or an address, without a port, a path or a star. An IPv6
// address stands in brackets. This is what --allow-host takes.
bool is_host_name(std::string_view name);

// Refuses with 421 what asks for another host than a loopback one or one of `names`, with any port:
// unsafe methods, WebSocket handshakes, and everything under /api (our event stream is there),
// /admin and /wire. Other GETs pass, because they are pages that every visitor may see. So does
// HTTP/1.0 without a Host, which no browser sends. Each refusal is a line on standard error as
// well. Throws std::invalid_argument for a name that isn't is_host_name().
Middleware allowed_hosts(const std::vector<std::string>& names);
