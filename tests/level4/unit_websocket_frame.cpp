// Frames by themselves: headers in any pieces, the mask, close codes, and the frames that we send.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unit_websocket_frames.hpp"
#include "utf8.hpp"
#include "websocket/frame.hpp"

using namespace std::string_literals;

TEST_CASE("frames look as in the examples of RFC 6455 §5.7") {
    CHECK(make_frame(Opcode::text, "Hello") == "\x81\x05Hello");
    CHECK(make_frame(Opcode::ping, "Hello") == "\x89\x05Hello");
    CHECK(make_frame(Opcode::binary, std::string(256, 'x')) ==
          "\x82\x7E\x01\x00"s + std::string(256, 'x'));
    CHECK(make_frame(Opcode::binary, std::string(65536, 'x')) ==
          "\x82\x7F\0\0\0\0\0\x01\0\0"s + std::string(65536, 'x'));

    // A masked "Hello".
    std::string_view bytes = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    FrameHeaderReader reader;
    const auto header = reader.read(bytes);
    REQUIRE(header);
    CHECK(header->final);
    CHECK(header->opcode == Opcode::text);
    CHECK(header->length == 5);
    std::string payload;
    append_unmasked(payload, bytes, header->mask, 0);
    CHECK(payload == "Hello");
}

TEST_CASE("our frames have their length in as few bytes as possible") {
    const std::vector<std::pair<std::size_t, std::string>> headers = {
        {0, "\x82\x00"s},
        {125, "\x82\x7D"s},
        {126, "\x82\x7E\x00\x7E"s},
        {65535, "\x82\x7E\xFF\xFF"s},
        {65536, "\x82\x7F\0\0\0\0\0\x01\0\0"s},
    };
    for (const auto& each : headers) {
        const std::string frame = make_frame(Opcode::binary, std::string(each.first, 'x'));
        CHECK(frame == each.second + std::string(each.first, 'x'));
    }
}

TEST_CASE("a header is read the same in any pieces, and not a byte beyond it") {
    for (const std::size_t length : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 100000u}) {
        CAPTURE(length);
        const std::string frame = client::binary(std::string(length, 'x'));
        const std::size_t size = frame.size() - length;
        for (std::size_t cut = 0; cut <= size; ++cut) {
            FrameHeaderReader reader;
            std::string_view first = std::string_view(frame).substr(0, cut);
            std::string_view second = std::string_view(frame).substr(cut);
            auto header = reader.read(first);
            CHECK(first.empty());
            CHECK(header.has_value() == (cut == size));
            if (!header) header = reader.read(second);
            REQUIRE(header);
            CHECK(header->length == length);
            CHECK(header->opcode == Opcode::binary);
            CHECK(std::string_view(header->mask.data(), 4) == client::mask);
            CHECK(second.size() == length);
        }
    }
}

TEST_CASE("exactly the first bytes that RFC 6455 allows are accepted") {
    std::vector<int> accepted;
    for (int first = 0; first < 256; ++first) {
        const std::string frame = client::frame(first, "");
        std::string_view bytes = frame;
        FrameHeaderReader reader;
        try {
            if (reader.read(bytes)) accepted.push_back(first);
        } catch (const WebSocketError& error) {
            CHECK(error.code == close_code::protocol_error);
        }
    }
    CHECK(accepted == std::vector<int>{0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A});
}

TEST_CASE("only the shortest form of a length is accepted, and nothing from 2^63 on") {
    const auto accepts = [](std::uint64_t length, int size) {
        const std::string header = "\x82"s + (size == 2 ? '\xFE' : '\xFF') +
                                   client::big_endian(length, size) + std::string(client::mask);
        std::string_view bytes = header;
        FrameHeaderReader reader;
        try {
            return reader.read(bytes).value().length == length;
        } catch (const WebSocketError&) {
            return false;
        }
    };
    for (std::uint64_t length = 0; length < 65536; ++length) {
        if (accepts(length, 2) != (length >= 126)) FAIL_CHECK("2 bytes of length " << length);
        if (accepts(length, 8)) FAIL_CHECK("8 bytes of length " << length);
    }
    CHECK(accepts(65536, 8));
    CHECK(accepts((std::uint64_t{1} << 63) - 1, 8));
    CHECK_FALSE(accepts(std::uint64_t{1} << 63, 8));
    CHECK_FALSE(accepts(~std::uint64_t{0}, 8));
}

TEST_CASE("unmasking in pieces of any size gives what the client masked") {
    std::mt19937_64 random(7);
    std::string original;
    for (int i = 0; i < 100; ++i) original += static_cast<char>(random());
    const std::string masked = client::masked(original);
    std::array<char, 4> mask{};
    client::mask.copy(mask.data(), 4);
    for (std::size_t first = 0; first <= 40; ++first) {
        for (std::size_t second = first; second <= masked.size(); ++second) {
            const std::string_view bytes = masked;
            std::string payload = "kept";
            append_unmasked(payload, bytes.substr(0, first), mask, 0);
            append_unmasked(payload, bytes.substr(first, second - first), mask, first);
            append_unmasked(payload, bytes.substr(second), mask, second);
            if (payload != "kept" + original) FAIL_CHECK("cut at " << first << " and " << second);
        }
    }
}

TEST_CASE("exactly the codes that RFC 6455 and IANA allow may be sent") {
    for (unsigned code = 0; code < 65536; ++code) {
        const bool defined = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
                             code != 1006;  // 1012 to 1014 came later; IANA lists them
        const bool registered_or_private = code >= 3000 && code <= 4999;
        if (is_close_code(static_cast<std::uint16_t>(code)) != (defined || registered_or_private)) {
            FAIL_CHECK("code " << code);
        }
    }
}

TEST_CASE("a close frame is no longer than a control frame may be, and cuts no character") {
    CHECK(make_close_frame(1000, "") == "\x88\x02\x03\xE8"s);
    CHECK(make_close_frame(4999, "bye") == "\x88\x05\x13\x87"s + "bye");
    CHECK(make_close_frame(1000, std::string(123, 'x')).size() == 127);
    CHECK(make_close_frame(1000, std::string(124, 'x')).size() == 127);
    for (std::size_t before = 115; before <= 125; ++before) {
        CAPTURE(before);
        const std::string frame =
            make_close_frame(1000, std::string(before, 'x') + "\xF0\x9F\x98\x80 and so on");
        CHECK(frame.size() <= 127);
        CHECK(frame.size() >= 124);
        CHECK(is_valid_utf8(std::string_view(frame).substr(4)));
    }
}

TEST_CASE("a close frame that we make is read back as it was") {
    for (const std::string reason : {"", "bye", "gr\xC3\xBC\xC3\x9F"}) {
        const std::string frame = make_close_frame(4000, reason);
        const CloseReason read = parse_close(std::string_view(frame).substr(2));
        CHECK(read.code == 4000);
        CHECK(read.text == reason);
    }
    CHECK(parse_close("").code == close_code::none);
    CHECK(parse_close("").text == "");
}
