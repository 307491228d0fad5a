// A WebSocket as a route: router.get("/ws/chat", websocket(handlers)).
#pragma once

#include "handler.hpp"
#include "websocket/websocket.hpp"

// A handler that answers a handshake with 101 and gives each client a WebSocket of its own. To the
// router it is a GET like any other, so middleware sees it, and may refuse it.
// What `limits` points to must outlive it.
Handler websocket(WebSocketHandlers handlers, const WebSocketLimits& limits = {});
