// CORS: lets pages of other origins read our replies (https://fetch.spec.whatwg.org/#http-cors).
// A browser sends such a page's requests, but shows it the reply only if that allows it; and before
// a request that no HTML form could make, it asks in a "preflight" whether it may send it at all.
// This keeps nobody else from anything: curl does not ask. Nor does it stop forged posts; see csrf.
// Leaves out: origins by pattern, and private network access.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "handler.hpp"

struct CorsOptions {
    std::vector<std::string> allow_origins = {"*"};  // such as https://example.com, or all
    std::vector<std::string> allow_methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    std::vector<std::string> allow_headers = {"Content-Type"};  // that a page may set
    std::vector<std::string> expose_headers = {};  // that a page may read, beyond the common ones
    bool allow_credentials = false;                // cookies, and passwords of Basic auth
    std::chrono::seconds max_age{600};             // for how long a preflight's answer holds
    std::string path_prefix = {};  // "/api" covers /api and all below; "" everything
};

// Throws std::invalid_argument for options that no browser would accept.
Middleware cors(CorsOptions options = {});
