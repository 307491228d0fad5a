// See client.hpp.
#include "websocket/client.hpp"

#include <stdexcept>

SharedMessage text_message(std::string_view text) {
    return share(make_frame(Opcode::text, text));
}

bool WebSocketClient::send_text(std::string_view text) {
    return send(text_message(text));
}

bool WebSocketClient::send_binary(std::string_view bytes) {
    return send(share(make_frame(Opcode::binary, bytes)));
}

void WebSocketClient::close(std::uint16_t code, std::string_view reason) {
    if (!is_close_code(code))
        throw std::invalid_argument("This WebSocket close code can't be sent");
    send_last(share(make_close_frame(code, reason)));
}
