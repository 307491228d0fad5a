// See route.hpp.
#include "websocket/route.hpp"

#include <memory>
#include <utility>

#include "request.hpp"
#include "response.hpp"
#include "websocket/handshake.hpp"

Handler websocket(WebSocketHandlers handlers, const WebSocketLimits& limits) {
    return [handlers = std::move(handlers), limits](const Request& request) {
        Response response = accept_websocket(request);
        if (response.status == 101) {
            response.protocol = std::make_shared<WebSocket>(handlers, limits, request.peer);
        }
        return response;
    };
}
