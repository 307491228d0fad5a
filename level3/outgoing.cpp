// How bytes and files are sent: see outgoing.hpp. Either system call may take less than it is
// given.
#include "outgoing.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "../common/system.hpp"
#include "../common/trace.hpp"

Outgoing::Outgoing(std::string bytes, std::optional<FileSlice> file)
    : bytes_(std::move(bytes)), file_(std::move(file)) {}

std::uint64_t Outgoing::left() const {
    return bytes_.size() - sent_ + (file_ ? file_->length : 0);
}

Sent Outgoing::send_to(const Descriptor& client, std::uint64_t most_of_file) {
    const std::uint64_t length = file_ ? file_->length : 0;
    const std::uint64_t for_later = length - std::min(length, most_of_file);
    while (left() > for_later) {
        const bool in_file = sent_ == bytes_.size();
        if (in_file ? send_file(client, left() - for_later) : send_bytes(client)) continue;
        if (errno == EINTR) continue;
        return errno == EAGAIN ? Sent::some : Sent::failed;
    }
    return left() == 0 ? Sent::all : Sent::some;
}

bool Outgoing::send_bytes(const Descriptor& client) {
    const std::string_view rest = std::string_view(bytes_).substr(sent_);
    // The file's beginning may share a packet with the end of its head.
    const int flags = file_ ? more_follows : 0;
    const ssize_t count = send(client.number(), rest.data(), rest.size(), flags);
    if (count < 0) return false;
    const auto taken = static_cast<std::size_t>(count);
    trace(client.number(), '>', rest.substr(0, taken));
    sent_ += taken;
    return true;
}

bool Outgoing::send_file(const Descriptor& client, std::uint64_t most) {
    const ssize_t count = send_file_part(client, *file_->file, file_->offset, most);
    if (count == 0) errno = 0;  // no error of the call, but the file has become shorter
    if (count <= 0) return false;
    if (tracing()) {
        const auto note = "(" + std::to_string(count) + " bytes of a file)";
        trace(client.number(), '>', note, Traced::note);
    }
    file_->offset += static_cast<std::uint64_t>(count);
    file_->length -= static_cast<std::uint64_t>(count);
    return true;
}
