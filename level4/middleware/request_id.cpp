// See request_id.hpp.
#include "middleware/request_id.hpp"

#include <string>
#include <string_view>

#include "session/base64.hpp"
#include "session/random.hpp"

namespace {

constexpr std::string_view field = "X-Request-ID";

// 128 random bits, so that two requests never get the same ID, on whatever machine.
std::string random_id() {
    return base64url_encode(random_bytes(16));
}

// An ID from outside will end up in logs and in other programs' fields, so it may not be long, or
// contain characters that have a meaning there.
bool is_sane(std::string_view id) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return !id.empty() && id.size() <= 64 && id.find_first_not_of(allowed) == std::string::npos;
}

}  // namespace

Response request_id(Request& request, const Next& next) {
    const std::string* const given = request.headers.find_single(field);
    const std::string id = given != nullptr && is_sane(*given) ? *given : random_id();
    request.headers.set(field, id);
    Response response = next(request);
    response.headers.set(field, id);
    return response;
}
