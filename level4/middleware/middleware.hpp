// Middleware: code around the handlers, for what concerns many of them and belongs to none. It is
// called with the request and with `next`, which stands for all that lies further in: more
// middleware, then the router. It may change the request, call `next` or refuse to, and change the
// reply. So it sees every reply to a request: the router's 404 and 405 as well as the pages. Not
// the 400, 408, 413 or 431 for what never became a request: those are the Connection's.
// Leaves out: asynchronous middleware. One that waits holds up its thread.
#pragma once

#include <vector>

#include "handler.hpp"

// The layers of an onion as one handler: the first of the chain is the outermost, so it is the
// first to see a request and the last to see the reply. Called from many threads at once, as every
// handler is: a middleware with a memory needs a lock.
Handler wrap(std::vector<Middleware> chain, Handler innermost);
