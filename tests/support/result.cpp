// A message on the wire: its kind, the number of its texts, and each of them after its length. The
// numbers are decimal and end with a space.
#include "result.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace {

// Takes a number and the space after it off the text; nothing if they have not arrived.
std::optional<std::size_t> take_size(std::string_view& text) {
    const std::size_t end = text.find(' ');
    std::size_t size = 0;
    if (end == std::string_view::npos) return std::nullopt;
    std::from_chars(text.data(), text.data() + end, size);
    text.remove_prefix(end + 1);
    return size;
}

}  // namespace

void send_message(int channel, const Message& message) {
    std::string bytes = std::string(1, message.kind) + std::to_string(message.texts.size()) + " ";
    for (const std::string& text : message.texts) bytes += std::to_string(text.size()) + " " + text;
    std::string_view left = bytes;
    while (!left.empty()) {
        const ssize_t count = write(channel, left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) _exit(1);
        left.remove_prefix(static_cast<std::size_t>(count));
    }
}

std::optional<Message> take_message(std::string& bytes) {
    if (bytes.empty()) return std::nullopt;
    std::string_view left = bytes;
    Message message;
    message.kind = static_cast<Message::Kind>(left.front());
    left.remove_prefix(1);
    const std::optional<std::size_t> texts = take_size(left);
    if (!texts) return std::nullopt;
    for (std::size_t i = 0; i < *texts; ++i) {
        const std::optional<std::size_t> size = take_size(left);
        if (!size || left.size() < *size) return std::nullopt;
        message.texts.emplace_back(left.substr(0, *size));
        left.remove_prefix(*size);
    }
    bytes.erase(0, bytes.size() - left.size());
    return message;
}

Message to_message(const Result& result) {
    Message message{
        Message::ends,
        {std::to_string(static_cast<int>(result.verdict)), std::to_string(result.seconds),
         result.unanswered ? "1" : "0", result.crashed ? "1" : "0", result.skip_reason}};
    message.texts.insert(message.texts.end(), result.remarks.begin(), result.remarks.end());
    return message;
}

Result to_result(const Message& message) {
    Result result;
    result.verdict = static_cast<Verdict>(std::atoi(message.texts.at(0).c_str()));
    result.seconds = std::atof(message.texts.at(1).c_str());
    result.unanswered = message.texts.at(2) == "1";
    result.crashed = message.texts.at(3) == "1";
    result.skip_reason = message.texts.at(4);
    result.remarks.assign(message.texts.begin() + 5, message.texts.end());
    return result;
}
