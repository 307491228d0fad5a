// See basic_auth.hpp.
#include "middleware/basic_auth.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>

#include "session/base64.hpp"
#include "session/sha256.hpp"
#include "text.hpp"

namespace {

// `user:password` as the client sent it, or nothing if there is no such thing (RFC 7617 §2).
std::optional<std::string> credentials_of(const Request& request) {
    const auto* const field = request.headers.find("Authorization");
    if (field == nullptr || request.headers.count("Authorization") != 1) return std::nullopt;
    const std::string_view value = *field;
    // The scheme's name has no case (RFC 9110 §11.1), and a space behind it.
    const auto space = value.find(' ');
    if (space == std::string_view::npos || !equal_ignoring_case(value.substr(0, space), "Basic")) {
        return std::nullopt;
    }
    return base64_decode(trim(value.substr(space)));
}

}  // namespace

Middleware basic_auth(BasicAuthOptions options) {
    // The first colon ends the user's name: Ada:Lovelace with the password x would be Ada's.
    if (options.user.find(':') != std::string::npos) {
        throw std::invalid_argument("basic_auth: a user's name cannot have a colon");
    }
    const std::string& realm = options.realm;
    if (!is_field_value(realm) || realm.find_first_of("\"\\") != std::string::npos) {
        throw std::invalid_argument("basic_auth: this realm would need quoting: " + realm);
    }
    // An empty password must never be the right one.
    if (options.user.empty() || options.password.empty()) {
        return [](Request&, const Next&) {
            return Response::error(403, "This needs a password, and none has been set up.");
        };
    }
    // Digests are compared, since they all have one length: not even the password's shows in the
    // time that it takes. User and password in one, so nobody learns which of them was wrong.
    const std::string expected = sha256(options.user + ":" + options.password);
    const std::string challenge = "Basic realm=\"" + realm + "\", charset=\"UTF-8\"";
    return [expected, challenge](Request& request, const Next& next) {
        const auto credentials = credentials_of(request);
        if (credentials && constant_time_equal(sha256(*credentials), expected)) {
            return next(request);
        }
        Response response = Response::error(401, "Please say who you are.");
        response.headers.set("WWW-Authenticate", challenge);  // makes the browser ask
        return response;
    };
}
