// CORS: lets pages of other origins read our replies (https://fetch.spec.whatwg.org/#http-cors).
// A browser sends such a page's requests, but shows it a reply only if the reply says so. Before a
// request that an HTML form couldn't make, it asks in a "preflight" whether it may send it at all.
// Only browsers keep to this; curl doesn't ask. CORS doesn't stop forged posts: see csrf.hpp.
// Leaves out: origins by pattern, and private network access.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "handler.hpp"

struct CorsOptions {
    std::vector<std::string> allow_origins = {"*"};  // such as https://example.com, or all
    std::vector<std::string> allow_methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    std::vector<std::string> allow_headers = {"Content-Type"};  // fields that a page may set
    std::vector<std::string> expose_headers = {};  // fields that it may read besides the usual ones
    bool allow_credentials = false;                // cookies, and passwords of Basic auth
    std::chrono::seconds max_age{600};             // how long a preflight's answer is valid
    std::string path_prefix = {};  // "/api" covers /api and all below; "" everything
};

// Throws std::invalid_argument for options that browsers would not accept.
Middleware cors(CorsOptions options = {});
