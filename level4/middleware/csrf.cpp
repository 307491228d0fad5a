// See csrf.hpp.
#include "middleware/csrf.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "session/origin.hpp"

namespace {

// The value of the field; empty without one.
std::string_view value_of(const Request& request, std::string_view name) {
    const auto* const value = request.headers.find(name);
    return value != nullptr ? std::string_view(*value) : std::string_view();
}

bool is_own_page(const Request& request) {
    // "none": the user did it, not a page; by a bookmark, say. "same-site" is not enough: whoever
    // holds blog.example.com is not to post to www.example.com.
    const auto site = value_of(request, "Sec-Fetch-Site");
    if (!site.empty()) return site == "same-origin" || site == "none";

    // Browsers send that field through TLS and to this machine only, the last of them since 2023.
    // Origin comes with every post.
    if (value_of(request, "Origin").empty()) return true;  // curl and the like: nobody's cookies
    return is_same_origin(request.headers);
}

}  // namespace

Middleware csrf(CsrfOptions options) {
    return [options = std::move(options)](Request& request, const Next& next) {
        const std::string& method = request.method;
        const bool safe = method == "GET" || method == "HEAD" || method == "OPTIONS";
        if (safe || is_own_page(request)) return next(request);
        // Last, because it is rare: the pages of others that the owner of this site has named.
        const auto& trusted = options.trusted_origins;
        if (request.path.starts_with(options.trusted_prefix) &&
            std::find(trusted.begin(), trusted.end(), value_of(request, "Origin")) !=
                trusted.end()) {
            return next(request);
        }
        return Response::error(403, "A page of another site sent this request.");
    };
}
