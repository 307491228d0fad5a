// See error_pages.hpp.
#include "middleware/error_pages.hpp"

#include "accept.hpp"
#include "app/message_store.hpp"
#include "body/json.hpp"
#include "connection.hpp"
#include "handler.hpp"
#include "middleware/vary.hpp"

namespace {

bool wants_json(const Request& request) {
    return request.path.starts_with("/api/") ||
           quality_of(request.headers, "Accept", "application/json") >
               quality_of(request.headers, "Accept", "text/html");
}

}  // namespace

Response error_pages(Request& request, const Next& next) {
    const Handler handler = [&next](Request& asked) {
        try {
            return next(asked);
        } catch (const StoreFull&) {
            throw HttpError(507, "The server's disk is full: nothing was kept.");
        }
    };
    Response response = call_handler(handler, request);
    if (response.problem.empty() || response.status < 400) return response;
    vary_on(response.headers, "Accept");
    if (!wants_json(request)) return response;
    const Json error{{"status", response.status}, {"message", response.problem}};
    response.body = Json{{"error", error}}.dump() + "\n";
    response.headers.set("Content-Type", "application/json");
    return response;
}
