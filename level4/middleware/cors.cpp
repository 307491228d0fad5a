// See cors.hpp.
#include "middleware/cors.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "middleware/vary.hpp"

namespace {

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

std::string join(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
}

// A mistake in the options would show up in the console of some visitor's browser. Show it here.
void check(const CorsOptions& options) {
    for (const auto& origin : options.allow_origins) {
        // Compared as a whole with what browsers send: "https://example.com", no slash behind. And
        // not "null": any page can have that origin, by loading itself in a sandboxed frame.
        const auto host = origin.find("://");
        if (origin != "*" && (host == std::string::npos || host + 3 == origin.size() ||
                              origin.find('/', host + 3) != std::string::npos)) {
            throw std::invalid_argument("cors: not an origin such as https://example.com: " +
                                        origin);
        }
    }
    if (!options.allow_credentials) return;
    // Every page of the world could act as the visitor. Browsers take the star for a name then.
    for (const auto* list : {&options.allow_origins, &options.allow_methods, &options.allow_headers,
                             &options.expose_headers}) {
        if (contains(*list, "*")) {
            throw std::invalid_argument("cors: with credentials, name what you allow, without *");
        }
    }
}

// "/api" covers /api and /api/messages, but not /apiary.
bool covers(std::string_view prefix, std::string_view path) {
    if (!path.starts_with(prefix)) return false;
    return prefix.empty() || prefix.ends_with('/') || path.size() == prefix.size() ||
           path[prefix.size()] == '/';
}

// RFC 9110 §9.3.7 defines OPTIONS, and the Fetch standard this use of it. The browser compares what
// it wants to send with what we list: that is its part, not ours.
bool is_preflight(const Request& request) {
    return request.method == "OPTIONS" && request.headers.find("Origin") != nullptr &&
           request.headers.find("Access-Control-Request-Method") != nullptr;
}

// Whose pages may read the reply. True if it is somebody's.
bool allow_origin(const CorsOptions& options, const Request& request, Headers& headers) {
    if (contains(options.allow_origins, "*")) {
        headers.set("Access-Control-Allow-Origin", "*");
        return true;
    }
    // The field has room for one origin, so each gets its own reply. Also those that are not
    // allowed, or send no Origin: a cache must not give theirs to a page that is.
    vary_on(headers, "Origin");
    const auto* const origin = request.headers.find("Origin");
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
        if (!covers(options.path_prefix, request.path)) return next(request);
        if (is_preflight(request)) return answer_preflight(options, request);
        // Errors as well: a page that may not read a 422 cannot tell its user what is wrong.
        Response response = next(request);
        if (allow_origin(options, request, response.headers)) {
            set_list(response.headers, "Access-Control-Expose-Headers", options.expose_headers);
        }
        return response;
    };
}
