// The client of websocket.hpp. It always masks with the key of the RFC's examples (§5.7), because
// all keys are alike to a server, and a report with the same bytes each time is easier to read.
#include "websocket.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "text.hpp"

namespace {

constexpr unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
constexpr const char* sample_key = "dGhlIHNhbXBsZSBub25jZQ==";  // §1.3

std::string big_endian(unsigned long long number, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i) & 0xff);
    return text;
}

unsigned long long number_at(std::string_view bytes, std::size_t from, std::size_t size) {
    unsigned long long number = 0;
    for (char c : bytes.substr(from, size)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

std::string opcode_name(int opcode) {
    switch (opcode) {
        case op_continuation: return "continuation";
        case op_text: return "text";
        case op_binary: return "binary";
        case op_close: return "close";
        case op_ping: return "ping";
        case op_pong: return "pong";
        default: return "opcode " + std::to_string(opcode);
    }
}

std::string shortened(std::string_view payload) {
    if (payload.size() <= 100) return "'" + visible(payload) + "'";
    return "of " + std::to_string(payload.size()) + " bytes, '" + visible(payload.substr(0, 40)) +
           "'...";
}

std::string field_name(std::string_view line) {
    return lower(line.substr(0, line.find(':')));
}

Frame none(std::string problem) {
    Frame frame;
    frame.problem = std::move(problem);
    return frame;
}

// What is wrong with the first two bytes of a server's frame; empty if nothing is.
std::string problem_of(unsigned first, unsigned second) {
    const int opcode = static_cast<int>(first & 0x0f);
    if ((first & 0x70) != 0) return "a frame with a reserved bit set, without an extension (§5.2)";
    if ((opcode & 7) > 2) return "a frame with the reserved " + opcode_name(opcode) + " (§5.2)";
    if ((second & 0x80) != 0) return "a masked frame, which a server must not send (§5.1)";
    if (opcode >= 8 && ((first & 0x80) == 0 || (second & 0x7f) > 125))
        return "a control frame in parts or longer than 125 bytes (§5.5)";
    return "";
}

}  // namespace

std::string frame(int opcode, std::string_view payload, const Making& making) {
    const auto length =
        making.announced != 0 ? static_cast<unsigned long long>(making.announced) : payload.size();
    const int needed = length < 126 ? 0 : length < 65536 ? 2 : 8;
    const int bytes = making.length_bytes != 0 ? making.length_bytes : needed;
    const unsigned long long short_length = bytes == 0 ? length : bytes == 2 ? 126 : 127;
    const int first = (making.final ? 0x80 : 0) | making.reserved << 4 | opcode;
    std::string result = {static_cast<char>(first),
                          static_cast<char>((making.masked ? 0x80u : 0u) | short_length)};
    result += big_endian(length, bytes);
    if (!making.masked) return result + std::string(payload);
    result.append(reinterpret_cast<const char*>(mask), 4);
    for (std::size_t i = 0; i < payload.size(); ++i)
        result += static_cast<char>(payload[i] ^ static_cast<char>(mask[i % 4]));
    return result;
}

std::string close_payload(int code, std::string_view reason) {
    return big_endian(static_cast<unsigned long long>(code), 2) + std::string(reason);
}

std::string handshake(std::string_view target, const std::vector<std::string>& fields) {
    std::vector<std::string> lines = {"Host: localhost", "Upgrade: websocket",
                                      "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                                      std::string("Sec-WebSocket-Key: ") + sample_key};
    for (const std::string& field : fields)
        std::erase_if(
            lines, [&](const std::string& line) { return field_name(line) == field_name(field); });
    for (const std::string& field : fields)
        if (!field.ends_with(':')) lines.push_back(field);
    std::string bytes = "GET " + std::string(target) + " HTTP/1.1\r\n";
    for (const std::string& line : lines) bytes += line + "\r\n";
    return bytes + "\r\n";
}

int Frame::close_code() const {
    if (opcode != op_close || payload.size() < 2) return 0;
    return static_cast<int>(number_at(payload, 0, 2));
}

std::string Frame::description() const {
    if (!problem.empty()) return problem;
    if (opcode == op_close)
        return "close " + (payload.empty() ? "without a code" : std::to_string(close_code())) +
               (payload.size() > 2 ? " " + shortened(payload.substr(2)) : "");
    return opcode_name(opcode) + " " + shortened(payload);
}

WebSocket::WebSocket(std::string_view target, ServerProcess& server, std::string_view then,
                     int receive_buffer, Where where)
    : client_(server, receive_buffer) {
    client_.send(handshake(target) + std::string(then));
    expect_status(client_.read_reply(), 101, {"MUST RFC 6455 §4.2.2: this handshake is a good one"},
                  where);
}

Frame WebSocket::read_frame(double seconds) {
    const double until = now() + seconds;
    const auto have = [&](std::size_t count) {
        while (client_.unread().size() < count)
            if (!client_.receive_more(until)) return false;
        return true;
    };
    const auto missing = [&] {
        if (!client_.ended()) return none("nothing until the deadline");
        return none(client_.unread().empty() ? "the end of the connection, without a frame"
                                             : "the end of the connection, within a frame");
    };
    if (!have(2)) return missing();
    const auto first = static_cast<unsigned char>(client_.unread()[0]);
    const auto second = static_cast<unsigned char>(client_.unread()[1]);
    if (std::string problem = problem_of(first, second); !problem.empty()) return none(problem);
    const std::size_t bytes = second == 127 ? 8 : second == 126 ? 2 : 0;
    if (!have(2 + bytes)) return missing();
    const std::size_t length = bytes == 0 ? second : number_at(client_.unread(), 2, bytes);
    if (bytes != 0 && length < (bytes == 2 ? 126u : 65536u))
        return none("a frame whose length has more bytes than it needs (§5.2)");
    if (length > 64u << 20) return none("a frame of " + std::to_string(length) + " bytes");
    if (!have(2 + bytes + length)) return missing();
    Frame frame;
    frame.opcode = first & 0x0f;
    frame.final = (first & 0x80) != 0;
    frame.payload = client_.unread().substr(2 + bytes, length);
    client_.take(2 + bytes + length);
    return frame;
}

Frame WebSocket::read_message(double seconds) {
    const double until = now() + seconds;
    std::optional<Frame> message;
    while (true) {
        Frame next = read_frame(std::max(until - now(), 0.0));
        if (next.opcode == op_ping) send(frame(op_pong, next.payload));
        if (next.opcode == op_ping || next.opcode == op_pong) continue;
        if (next.opcode == op_close || next.opcode < 0) return next;
        if ((next.opcode == op_continuation) != message.has_value())
            return none("a " + next.description() + " out of turn (§5.4)");
        if (message)
            message->payload += next.payload;
        else
            message = next;
        if (next.final) return *message;
    }
}

bool expect_message(WebSocket& socket, int opcode, std::string_view payload, const Reason& reason,
                    Where where) {
    const bool control = opcode >= 8;
    const Frame got = control ? socket.read_frame() : socket.read_message();
    const bool met = got.opcode == opcode && got.payload == payload;
    Frame wanted;
    wanted.opcode = opcode;
    wanted.payload = payload;
    expect(met, met ? Exchange{} : socket.so_far(), wanted.description(), got.description(), reason,
           where);
    return met;
}

void expect_close_frame(WebSocket& socket, const Statuses& codes, const Reason& reason,
                        Where where) {
    const Frame got = socket.read_message();
    const bool met = got.opcode == op_close && got.payload.size() != 1 &&
                     std::count(codes.any_of.begin(), codes.any_of.end(), got.close_code()) > 0;
    std::string expected = "close";
    for (int code : codes.any_of)
        expected += (code == codes.any_of.front() ? " " : " or ") +
                    (code == 0 ? "without a code" : std::to_string(code));
    expect(met, met ? Exchange{} : socket.so_far(), expected, got.description(), reason, where);
}

void expect_end(WebSocket& socket, Where where) {
    const Frame got = socket.read_frame();
    const bool met = got.opcode < 0 && socket.client().unread().empty() &&
                     socket.client().ending() == Ending::closed;
    expect(
        met, met ? Exchange{} : socket.so_far(), "a clean end of the connection", got.description(),
        {"MUST RFC 6455 §7.1.1, §5.5.1: the server is the first to close the connection, and sends "
         "nothing after its close frame"},
        where);
}

void expect_goodbye(WebSocket& socket, const Statuses& codes, const Reason& reason, Where where) {
    expect_close_frame(socket, codes, reason, where);
    expect_end(socket, where);
}

bool expect_echo(WebSocket& socket, std::string_view text, const Reason& reason, Where where) {
    socket.say(text);
    return expect_message(socket, op_text, text, reason, where);
}
