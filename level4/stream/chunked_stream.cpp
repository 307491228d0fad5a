// See chunked_stream.hpp.
#include "stream/chunked_stream.hpp"

#include <cstdio>
#include <utility>

std::string ChunkedStream::take_output() {
    const bool ended = stream_->finished();
    const std::string output = stream_->take_output();
    if (output.empty()) {
        return ended && !std::exchange(last_chunk_sent_, true) ? "0\r\n\r\n" : "";
    }
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", output.size());
    return size + output + "\r\n";
}
