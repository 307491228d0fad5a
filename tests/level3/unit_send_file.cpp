// How a part of a file is sent where the kernel can't do it alone: common/system.hpp.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "../common/descriptor.hpp"
#include "../common/system.hpp"
#include "temporary_folder.hpp"

namespace {

// A file of 30,000 bytes, and two connected sockets.
struct Sending : TemporaryFolder {
    Sending() {
        for (int i = 0; i < 3000; ++i) content += std::to_string(1'000'000'000 + i);
        write("file", content);
        file = Descriptor(open((root / "file").c_str(), O_RDONLY));
        int ends[2] = {-1, -1};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        client = Descriptor(ends[0]);
        other_end = Descriptor(ends[1]);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
    }

    std::string received() const {
        std::string bytes(content.size(), ' ');
        const ssize_t count = recv(other_end.number(), bytes.data(), bytes.size(), 0);
        return bytes.substr(0, count > 0 ? static_cast<std::size_t>(count) : 0);
    }

    std::string content;
    Descriptor file, client, other_end;
};

}  // namespace

TEST_CASE("a part of a file is sent from its first byte to its last") {
    const Sending sending;
    for (const auto send_part : {send_file_part, copy_file_part}) {
        CHECK(send_part(sending.client, sending.file, 12'345, 100) == 100);
        CHECK(sending.received() == sending.content.substr(12'345, 100));
        CHECK(send_part(sending.client, sending.file, 29'995, 100) == 5);
        CHECK(sending.received() == sending.content.substr(29'995));
    }
}

TEST_CASE("nothing is sent from behind the end of a file") {
    const Sending sending;
    CHECK(copy_file_part(sending.client, sending.file, 30'000, 100) == 0);
    CHECK(send_file_part(sending.client, sending.file, 30'000, 100) == 0);
}

TEST_CASE("a client that takes nothing more is told from one that has gone") {
    Sending sending;
    while (copy_file_part(sending.client, sending.file, 0, 30'000) > 0) {
    }
    CHECK((errno == EAGAIN || errno == EWOULDBLOCK));
    signal(SIGPIPE, SIG_IGN);
    sending.other_end.close();
    CHECK(copy_file_part(sending.client, sending.file, 0, 30'000) == -1);
    CHECK(errno == EPIPE);
}
