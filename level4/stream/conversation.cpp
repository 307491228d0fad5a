// See conversation.hpp.
#include "stream/conversation.hpp"

#include <utility>

#include "stream/chunked_stream.hpp"

void Conversation::feed(std::string_view bytes) {
    protocol_ ? protocol_->feed(bytes) : http_.feed(bytes);
}

void Conversation::end_of_input() {
    protocol_ ? protocol_->end_of_input() : http_.end_of_input();
}

std::string Conversation::take_output(Clock::time_point turn_ends) {
    if (!protocol_) {
        std::string output = http_.take_output(turn_ends);
        if (!output.empty() || !http_.has_protocol()) return output;
        start_protocol();  // the head is on its way
    }
    return protocol_->take_output();
}

void Conversation::start_protocol() {
    Takeover takeover = http_.take_protocol();
    protocol_ = std::move(takeover.protocol);
    if (takeover.chunked) protocol_ = std::make_shared<ChunkedStream>(std::move(protocol_));
    protocol_->trace_as(number_);
    protocol_->open(wake_ ? *wake_ : nullptr);
    wake_ = nullptr;
    if (stopping_) protocol_->stop();  // the request came just before the end
    protocol_->feed(takeover.input);
}

Clock::time_point Conversation::deadline() const {
    return protocol_ ? protocol_->deadline() : http_.deadline();
}

void Conversation::time_out() {
    protocol_ ? protocol_->time_out() : http_.time_out();
}

void Conversation::stop() {
    stopping_ = true;
    protocol_ ? protocol_->stop() : http_.stop();
}
