// A name for each request, in the field X-Request-ID: the handlers find it in request.headers, the
// client in the reply. Whoever writes it into a log can say which lines belong together, across all
// the programs that a request passes through.
// Leaves out: the W3C's traceparent, which names the steps within a request as well.
#pragma once

#include "handler.hpp"

struct RequestIdOptions {
    // A proxy in front may have named the request already. Turn this off where only strangers set
    // the field, and names have to be unique.
    bool keep_given = true;
};

// A given name is kept only if it is 1 to 64 characters of A-Z a-z 0-9 - _ . and given once.
Middleware request_id(RequestIdOptions options = {});
