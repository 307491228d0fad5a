// Errors in the form that the client wants: a page, or JSON.
#pragma once

#include "request.hpp"
#include "response.hpp"

// Runs the handler, answers its HttpErrors and a full disk (507), and turns error pages into JSON
// for the API and for whoever prefers JSON to HTML in the Accept field:
//     {"error": {"status": 404, "message": "There is no page at /x"}}
Response with_error_pages(const Handler& handler, Request& request);
