// With TRACE=1 there is a line for each frame, beside the bytes that it consists of:
//     6< text frame, 5 bytes: hello
//     6> close frame, 2 bytes
#pragma once

#include <string_view>

#include "websocket/frame.hpp"

// A frame of the client's. `connection` is its number in the trace; `payload` is without the mask.
void trace_frame(int connection, const FrameHeader& frame, std::string_view payload);

// Frames of ours, all of them complete.
void trace_frames(int connection, std::string_view frames);
