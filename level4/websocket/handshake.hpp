// The handshake of a WebSocket (RFC 6455 §4.2). An ordinary GET asks to leave HTTP, and with the
// response `101 Switching Protocols` HTTP ends on this connection.
// Leaves out: subprotocols and extensions (§1.9). A client may offer them. Our response doesn't
// mention any, which means that none is used.
#pragma once

#include <string>
#include <string_view>

#include "request.hpp"
#include "response.hpp"

// 101 with all the fields that it needs, or a refusal:
//     426  the request doesn't ask for a WebSocket, or not for version 13, which is what we speak
//     400  it is HTTP/1.0, has two versions, or hasn't exactly one key of 16 bytes in base64
//     403  a page of another site has sent it
// A browser sends its cookies along with this request, whichever page opens the WebSocket, and its
// same-origin policy doesn't apply. Without the check of Origin (§10.2) any page on the web could
// talk to us in the name of its visitors. A client that sends no Origin isn't a browser, so there
// is no visitor to protect.
Response accept_websocket(const Request& request);

// The Sec-WebSocket-Accept for a Sec-WebSocket-Key. It proves that we know what a WebSocket is.
std::string websocket_accept_key(std::string_view key);
