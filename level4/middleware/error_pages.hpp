// Errors in the form that the client wants: a page, or JSON.
#pragma once

#include "handler.hpp"
#include "request.hpp"
#include "response.hpp"

// A middleware. Put it close to the handlers: it turns exceptions into error pages (a full disk is
// 507), and error pages into JSON for the API and for whoever prefers JSON to HTML in the Accept
// field:
//     {"error": {"status": 404, "message": "There is no page at /x"}}
Response error_pages(Request& request, const Next& next);
