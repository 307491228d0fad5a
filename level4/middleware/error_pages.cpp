// See error_pages.hpp.
#include "middleware/error_pages.hpp"

#include "accept.hpp"
#include "body/json.hpp"
#include "handler.hpp"
#include "middleware/vary.hpp"

namespace {

bool wants_json(const Request& request) {
    if (request.path.starts_with("/api/")) return true;
    const auto json = preference_for(request.headers, "Accept", "application/json");
    return json.quality > 0 && json > preference_for(request.headers, "Accept", "text/html");
}

}  // namespace

Response error_pages(Request& request, const Next& next) {
    Response response = call_handler(next, request);
    if (response.problem.empty() || response.status < 400) return response;
    vary_on(response.headers, "Accept");
    if (!wants_json(request)) {
        add_error_page(response, request.line);  // now, so that the layers around it compress it
        return response;
    }
    const Json error{{"status", response.status}, {"message", response.problem}};
    response.body = Json{{"error", error}}.dump() + "\n";
    response.headers.set("Content-Type", "application/json");
    return response;
}
