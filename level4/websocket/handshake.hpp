// The handshake of a WebSocket (RFC 6455 §4.2): an ordinary GET asks to leave HTTP, and the answer
// `101 Switching Protocols` is the last that both sides say in HTTP.
// Leaves out: subprotocols and extensions (§1.9). A client may offer them; that we don't mention
// any in the answer means that none is used.
#pragma once

#include <string>
#include <string_view>

#include "request.hpp"
#include "response.hpp"

// 101 with all the fields that it needs, or the refusal:
//     426  no WebSocket was asked for, or not in the version that we speak, which is 13
//     400  asked for, but wrongly: HTTP/1.0, or not exactly one key of 16 bytes in base64
//     403  asked for by a page of another site, see below
// Cookies go along with a WebSocket whoever opens it, and the same-origin policy of browsers does
// not cover it. So without the check of Origin (§10.2) any page on the web could talk to us in the
// name of whoever looks at it. No Origin means no browser, and nobody to protect.
Response accept_websocket(const Request& request);

// The answer to a Sec-WebSocket-Key, which proves that the server knows what a WebSocket is.
std::string websocket_accept_key(std::string_view key);
