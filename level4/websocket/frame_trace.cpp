// See frame_trace.hpp. Only the first characters of a text are shown, and nothing of other
// payloads.
#include "websocket/frame_trace.hpp"

#include <cstddef>
#include <string>

#include "../../common/trace.hpp"

namespace {

constexpr std::size_t characters_shown = 60;

const char* name_of(Opcode opcode) {
    switch (opcode) {
        case Opcode::continuation: return "continuation";
        case Opcode::text: return "text";
        case Opcode::binary: return "binary";
        case Opcode::close: return "close";
        case Opcode::ping: return "ping";
        case Opcode::pong: return "pong";
    }
    return "unknown";
}

void trace_line(int connection, char direction, Opcode opcode, std::string_view payload) {
    std::string line = name_of(opcode);
    line += " frame, " + std::to_string(payload.size()) + " bytes";
    if (opcode == Opcode::text) line += ": " + visible(payload.substr(0, characters_shown));
    trace(connection, direction, line, Traced::note);
}

}  // namespace

void trace_frame(int connection, const FrameHeader& frame, std::string_view payload) {
    if (tracing()) trace_line(connection, '<', frame.opcode, payload);
}

// make_frame() shows how a length is written.
void trace_frames(int connection, std::string_view frames) {
    while (tracing() && !frames.empty()) {
        const auto opcode = static_cast<Opcode>(frames[0] & 0x0F);
        std::size_t length = static_cast<unsigned char>(frames[1]);
        const std::size_t bytes_of_length = length == 127 ? 8 : length == 126 ? 2 : 0;
        if (bytes_of_length > 0) length = 0;
        for (const char byte : frames.substr(2, bytes_of_length)) {
            length = length << 8 | static_cast<unsigned char>(byte);
        }
        frames.remove_prefix(2 + bytes_of_length);
        trace_line(connection, '>', opcode, frames.substr(0, length));
        frames.remove_prefix(length);
    }
}
