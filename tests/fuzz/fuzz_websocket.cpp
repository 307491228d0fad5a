// WebSocket frames get the same answers, however the bytes are cut up.
#include <cstdint>
#include <string>
#include <string_view>

#include "pieces.hpp"
#include "utf8.hpp"
#include "websocket/websocket.hpp"

namespace {

std::string outcome(std::string_view input, std::string_view sizes) {
    WebSocketHandlers handlers;
    std::string told;
    handlers.on_message = [&](const auto&, std::string_view message, bool is_text) {
        told += is_text ? "text:" : "binary:";
        told += message;
        if (is_text) must(is_valid_utf8(message), "a text is UTF-8");
    };
    handlers.on_close = [&](const auto&, std::uint16_t code, std::string_view reason) {
        must(is_valid_utf8(reason), "a reason is UTF-8");
        told += "close:" + std::to_string(code) + std::string(reason);
    };
    WebSocket socket(handlers);
    socket.open([] {});
    std::string sent;
    in_pieces(input, sizes, [&](std::string_view piece) {
        socket.feed(piece);
        for (;;) {
            const auto output = socket.take_output();
            if (output.empty()) break;
            sent += output;
        }
    });
    return told + '|' + sent + '|' + (socket.finished() ? "finished" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const char* bytes, std::size_t size) {
    must_not_depend_on_pieces({bytes, size}, outcome);
    return 0;
}
