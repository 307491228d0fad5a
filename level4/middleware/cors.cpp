// See cors.hpp.
#include "middleware/cors.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "middleware/below.hpp"
#include "middleware/vary.hpp"
#include "session/origin.hpp"

namespace {

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

std::string join(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
}

// Without this, a mistake in the options would show only in the console of a visitor's browser.
void check(const CorsOptions& options) {
    for (const auto& origin : options.allow_origins) {
        // Compared as a whole with what browsers send. "null" isn't accepted, because any page can
        // get that origin by loading itself in a sandboxed frame.
        if (origin != "*" && !is_origin(origin)) {
            throw std::invalid_argument(
                "cors: no browser sends this as an origin, which is written "
                "like https://example.com or http://localhost:3000: " +
                origin);
        }
    }
    if (!options.allow_credentials) return;
    // Otherwise every page in the world could act as the visitor. Browsers don't allow it either:
    // with credentials they take the star for a name.
    for (const auto* list : {&options.allow_origins, &options.allow_methods, &options.allow_headers,
                             &options.expose_headers}) {
        if (contains(*list, "*")) {
            throw std::invalid_argument("cors: with credentials, name what you allow, without *");
        }
    }
}

// RFC 9110 §9.3.7 defines OPTIONS, and the Fetch standard defines this use of it. What the page
// wants to send isn't looked at here, because it is the browser that compares it with what we list.
bool is_preflight(const Request& request) {
    return request.method == "OPTIONS" && request.headers.find("Origin") != nullptr &&
           request.headers.find("Access-Control-Request-Method") != nullptr;
}

// Says which origin may read the reply. Returns false if none may.
bool allow_origin(const CorsOptions& options, const Request& request, Headers& headers) {
    if (contains(options.allow_origins, "*")) {
        headers.set("Access-Control-Allow-Origin", "*");
        return true;
    }
    // The field has room for one origin, so each origin gets a reply of its own. That includes
    // those that aren't allowed, and requests without an Origin, because a cache must not give
    // their reply to a page that is allowed.
    vary_on(headers, "Origin");
    const auto* const origin = request.headers.find_single("Origin");
    if (origin == nullptr || !contains(options.allow_origins, *origin)) return false;
    headers.set("Access-Control-Allow-Origin", *origin);
    if (options.allow_credentials) headers.set("Access-Control-Allow-Credentials", "true");
    return true;
}

void set_list(Headers& headers, std::string_view name, const std::vector<std::string>& items) {
    if (!items.empty()) headers.set(name, join(items));
}

Response answer_preflight(const CorsOptions& options, const Request& request) {
    Response response{204, {}, ""};
    if (!allow_origin(options, request, response.headers)) return response;
    set_list(response.headers, "Access-Control-Allow-Methods", options.allow_methods);
    set_list(response.headers, "Access-Control-Allow-Headers", options.allow_headers);
    response.headers.set("Access-Control-Max-Age", std::to_string(options.max_age.count()));
    return response;
}

}  // namespace

Middleware cors(CorsOptions options) {
    check(options);
    return [options = std::move(options)](Request& request, const Next& next) {
        if (!is_below(request.path, options.path_prefix)) return next(request);
        if (is_preflight(request)) return answer_preflight(options, request);
        // Errors as well, because a page that can't read a 422 can't tell its user what is wrong.
        Response response = next(request);
        if (allow_origin(options, request, response.headers)) {
            set_list(response.headers, "Access-Control-Expose-Headers", options.expose_headers);
        }
        return response;
    };
}
