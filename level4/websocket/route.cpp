// See route.hpp.
#include "websocket/route.hpp"

#include <memory>
#include <utility>

#include "request.hpp"
#include "response.hpp"
#include "websocket/handshake.hpp"

Handler websocket(WebSocketHandlers handlers) {
    return [handlers = std::move(handlers)](const Request& request) {
        Response response = accept_websocket(request);
        if (response.status == 101) {
            response.protocol =
                std::make_shared<WebSocket>(handlers, WebSocketLimits{}, request.peer);
        }
        return response;
    };
}
