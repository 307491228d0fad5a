// The handshake: see handshake.hpp. The checks follow the order of RFC 6455 §4.2.1.
#include "websocket/handshake.hpp"

#include <string>
#include <string_view>

#include "headers.hpp"
#include "session/base64.hpp"
#include "session/origin.hpp"
#include "websocket/sha1.hpp"

namespace {

constexpr std::string_view version = "13";  // the only one that became a standard

bool wants_websocket(const Request& request) {
    return request.method == "GET" && request.headers.lists("Upgrade", "websocket") &&
           request.headers.lists("Connection", "Upgrade");
}

// A 426 has to name what we speak instead (RFC 9110 §15.5.22, RFC 6455 §4.4).
Response upgrade_required(std::string_view explanation) {
    Response response = Response::error(426, explanation);
    response.headers.set("Upgrade", "websocket");
    response.headers.set("Connection", "Upgrade");  // goes with every Upgrade (RFC 9110 §7.8)
    response.headers.set("Sec-WebSocket-Version", version);
    return response;
}

// The key isn't a secret. Its 16 random bytes make sure that the response was made for this request
// and doesn't come from a cache (§1.3). They are written as 22 digits of six bits, and "==" as
// padding. The last four bits are unused and needn't be 0, as in the example of §4.1, but a strict
// decoder wants them to be. With two more digits instead of the padding no bit is unused.
bool has_one_key(const Headers& headers) {
    const auto* const key = headers.find_single("Sec-WebSocket-Key");
    return key != nullptr && key->size() == 24 && key->ends_with("==") &&
           base64_decode(key->substr(0, 22) + "AA");
}

}  // namespace

// The RFC has chosen this text (§1.3) as one that only a WebSocket server would append.
std::string websocket_accept_key(std::string_view key) {
    return base64_encode(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

Response accept_websocket(const Request& request) {
    const Headers& headers = request.headers;
    if (!wants_websocket(request)) {
        return upgrade_required("This address speaks WebSocket, not HTTP.");
    }
    if (request.version == "HTTP/1.0") return Response::error(400, "A WebSocket needs HTTP/1.1.");
    if (headers.count("Sec-WebSocket-Version") > 1) {
        return Response::error(400, "There is more than one Sec-WebSocket-Version.");
    }
    const std::string* const wanted = headers.find("Sec-WebSocket-Version");
    if (wanted == nullptr || *wanted != version) {
        return upgrade_required("This server speaks version 13 of the WebSocket protocol.");
    }
    if (!has_one_key(headers)) {
        return Response::error(400, "Sec-WebSocket-Key must be 16 bytes in base64.");
    }
    if (headers.count("Origin") > 0 && !is_same_origin(headers)) {
        return Response::error(403, "Pages of other sites may not open a WebSocket here.");
    }
    Response response;
    response.status = 101;
    response.headers.add("Upgrade", "websocket");
    response.headers.add("Connection", "Upgrade");
    response.headers.add("Sec-WebSocket-Accept",
                         websocket_accept_key(*headers.find("Sec-WebSocket-Key")));
    return response;
}
