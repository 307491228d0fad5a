// The clock that deadlines are read from.
#pragma once

#include <chrono>

// Deadlines are points on a clock that never jumps. They are not durations, because a client that
// trickles one byte at a time could stretch a duration again and again; it can't move a point in
// time.
using Clock = std::chrono::steady_clock;
