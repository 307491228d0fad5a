// See security_headers.hpp.
#include "middleware/security_headers.hpp"

#include <string_view>

namespace {

// The parts after the first are needed, because default-src says nothing about <base>, forms and
// frames around a page (CSP Level 3 §6.1).
constexpr std::string_view policy =
    "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'";

void set_if_missing(Headers& headers, std::string_view name, std::string_view value) {
    if (headers.find(name) == nullptr) headers.add_checked(name, value);
}

}  // namespace

Response security_headers(Request& request, const Next& next) {
    Response response = next(request);
    set_if_missing(response.headers, "Content-Security-Policy", policy);
    set_if_missing(response.headers, "Referrer-Policy", "same-origin");
    return response;
}
