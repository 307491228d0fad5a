// Errors in the form that the client prefers: a page, or JSON.
#pragma once

#include "middleware/middleware.hpp"
#include "request.hpp"
#include "response.hpp"

// A middleware. Put it close to the handlers: it turns exceptions into error pages, and error pages
// into JSON for everything under /api/ and for a client that prefers JSON to HTML (Accept):
//     {"error": {"status": 404, "message": "There is no page at /x"}}
Response error_pages(Request& request, const Next& next);
