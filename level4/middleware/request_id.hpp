// An ID for each request, in the field X-Request-ID. Handlers find it in request.headers, and the
// client in the reply. Programs that write it into their logs show which lines belong together,
// across all of them that a request passes through.
// Leaves out: the W3C's traceparent, which names the steps within a request as well.
#pragma once

#include "handler.hpp"

// A middleware. An ID that the request has, perhaps from a proxy in front, is kept if it has 1 to 64
// characters of A-Z a-z 0-9 - _ . and the field is there once. So it need not be unique.
Response request_id(Request& request, const Next& next);
