// See basic_auth.hpp.
#include "middleware/basic_auth.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>

#include "session/base64.hpp"
#include "session/sha256.hpp"
#include "text.hpp"

namespace {

// `user:password` as the client sent it (RFC 7617 §2). Nothing if the field is missing or
// malformed.
std::optional<std::string> credentials_of(const Request& request) {
    const auto* const field = request.headers.find_single("Authorization");
    if (field == nullptr) return std::nullopt;
    const std::string_view value = *field;
    // The scheme's name ends at a space and may be in any case (RFC 9110 §11.1).
    const auto space = value.find(' ');
    if (space == std::string_view::npos || !equal_ignoring_case(value.substr(0, space), "Basic")) {
        return std::nullopt;
    }
    return base64_decode(trim(value.substr(space)));
}

}  // namespace

Middleware basic_auth(BasicAuthOptions options) {
    // The first colon ends the user's name, so "Ada:Lovelace" would be read as the user "Ada".
    if (options.user.find(':') != std::string::npos) {
        throw std::invalid_argument("basic_auth: a user's name can't contain a colon");
    }
    const std::string& realm = options.realm;
    if (!is_field_value(realm) || realm.find_first_of("\"\\") != std::string::npos) {
        throw std::invalid_argument("basic_auth: this realm would need quoting: " + realm);
    }
    // An empty password must never be the right one.
    if (options.user.empty() || options.password.empty()) {
        return [](Request&, const Next&) {
            return Response::error(403,
                                   "This page is closed, because no password has been set up.");
        };
    }
    // Digests are compared, because all of them have the same length, and so the time that it takes
    // doesn't betray the password's. User and password are compared as one, so that a client can't
    // learn which of them was wrong.
    const std::string expected = sha256(options.user + ":" + options.password);
    const std::string challenge = "Basic realm=\"" + realm + "\", charset=\"UTF-8\"";
    return [expected, challenge](Request& request, const Next& next) {
        const auto credentials = credentials_of(request);
        if (credentials && constant_time_equal(sha256(*credentials), expected)) {
            return next(request);
        }
        Response response = Response::error(401, "Please sign in.");
        response.headers.set("WWW-Authenticate", challenge);  // makes the browser ask
        return response;
    };
}
