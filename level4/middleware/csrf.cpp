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

// A field that guards something and is there twice is never taken for the one value or the other,
// because a filter in front of us might have looked at the other one.
bool is_ambiguous(const Request& request) {
    return request.headers.count("Sec-Fetch-Site") > 1 || request.headers.count("Origin") > 1;
}

bool is_own_page(const Request& request) {
    // "none" means that it was the user and not a page, for example with a bookmark. "same-site" is
    // not enough, because blog.example.com must not post to www.example.com.
    const auto site = value_of(request, "Sec-Fetch-Site");
    if (!site.empty()) return site == "same-origin" || site == "none";

    // Browsers send that field only over TLS or to their own machine, and some have done so only
    // since 2023. They send Origin with every post. A program that sends neither, such as curl,
    // isn't a browser, and has no visitor's cookies.
    if (value_of(request, "Origin").empty()) return true;
    return is_same_origin(request.headers);
}

}  // namespace

Middleware csrf(CsrfOptions options) {
    return [options = std::move(options)](Request& request, const Next& next) {
        if (request.is_safe()) return next(request);
        if (is_ambiguous(request)) {
            return Response::error(403, "Origin or Sec-Fetch-Site is there more than once.");
        }
        if (is_own_page(request)) return next(request);
        // Pages of other sites that the owner of this one trusts. Last, because it is rare.
        const auto& trusted = options.trusted_origins;
        if (request.path.starts_with(options.trusted_prefix) &&
            std::find(trusted.begin(), trusted.end(), value_of(request, "Origin")) !=
                trusted.end()) {
            return next(request);
        }
        return Response::error(403, "A page of another site sent this request.");
    };
}
