// See stored_file.hpp. Small files are read at once. Large ones are never copied: the reply holds
// the open file, and the engine sends it piece by piece.
#include "stored_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "../common/system.hpp"
#include "handler.hpp"
#include "mime.hpp"
#include "response.hpp"
#include "text.hpp"

namespace {

constexpr std::uint64_t small_file = 64 * 1024;  // bytes; larger files are sent by sendfile

// Each version of a file, and each compressed copy, has an ETag of its own, so that a client can't
// join half of one to half of another.
std::string etag_of(const struct stat& facts, std::uint64_t size, std::string_view suffix) {
    const timespec changed = status_change_time(facts);
    return concat({"\"", std::to_string(changed.tv_sec), "-", std::to_string(changed.tv_nsec), "-",
                   std::to_string(size), suffix, "\""});
}

bool is_older(const timespec& left, const timespec& right) {
    return std::pair(left.tv_sec, left.tv_nsec) < std::pair(right.tv_sec, right.tv_nsec);
}

// When the file was changed, as Last-Modified says it. That is never after the reply's Date (RFC
// 9110 §8.8.2.1). Nothing before the year 1000, because strftime() would write fewer than four
// digits.
std::optional<std::time_t> modified_at(const struct stat& facts) {
    constexpr std::time_t year_1000 = -30'610'224'000;
    if (facts.st_mtime < year_1000) return std::nullopt;
    return std::min(facts.st_mtime, std::time(nullptr));
}

// Opens what this canonical path names below the folder, one component after the other. It has no
// symbolic links, so a link found now is new, may lead anywhere, and isn't followed. `how` is for
// the last component; without O_NONBLOCK, opening a named pipe would wait until another program
// writes to it. If the result is empty, errno says why.
Descriptor open_below(const std::filesystem::path& folder, std::string_view inside,
                      int how = O_RDONLY | O_NONBLOCK) {
    Descriptor place(open(folder.c_str(), step_into | O_NOFOLLOW | O_CLOEXEC));
    while (place && !inside.empty()) {
        const std::string name(take_until(inside, "/"));
        const int flags = (inside.empty() ? how : step_into) | O_NOFOLLOW | O_CLOEXEC;
        place = Descriptor(openat(place.number(), name.c_str(), flags));
    }
    return place;
}

// For a file that can't be opened. What names no file, or something that can't be opened as one, such
// as a socket, isn't there. Any other error says nothing about the file, which may be there.
StoredFilePtr absent(int error) {
    if (error == EMFILE || error == ENFILE) throw HttpError(503, "Too many files are open.");
    if (error == EACCES) throw HttpError(403, "This file may not be read.");
    constexpr std::array no_file = {ENOENT, ENOTDIR, ELOOP,  ENAMETOOLONG,
                                    EILSEQ, ENXIO,   ENODEV, EOPNOTSUPP};
    if (std::find(no_file.begin(), no_file.end(), error) != no_file.end()) return nullptr;
    throw std::system_error(error, std::generic_category(), "opening a file");
}

// Keeps the content of a small file, or the descriptor of a large one. A small one may turn out
// shorter than its size said, because another program may be writing it.
void read_content(StoredFile& stored, Descriptor file, const struct stat& facts) {
    stored.size = static_cast<std::uint64_t>(facts.st_size);
    if (stored.size > small_file) {
        stored.file = std::make_shared<const Descriptor>(std::move(file));
        return;
    }
    stored.content.resize(static_cast<std::size_t>(stored.size));
    std::span<char> left = stored.content;
    while (!left.empty()) {
        const auto offset = static_cast<off_t>(stored.content.size() - left.size());
        const ssize_t count = pread(file.number(), left.data(), left.size(), offset);
        if (count < 0) throw std::system_error(errno, std::generic_category(), "reading a file");
        if (count == 0) break;
        left = left.subspan(static_cast<std::size_t>(count));
    }
    stored.content.resize(stored.content.size() - left.size());
    stored.size = stored.content.size();
}

// Fills in the fields that describe a file, however much of it is sent.
void describe(StoredFile& stored, const std::string& path, const struct stat& facts,
              const char* etag_suffix) {
    stored.modified = modified_at(facts);
    stored.etag = etag_of(facts, stored.size, etag_suffix);
    stored.headers.add("ETag", stored.etag);
    stored.headers.add("Cache-Control", "no-cache");  // may be kept, but ask before each use

    Headers& headers = stored.content_headers;
    headers.add("Content-Type", mime_type(path));
    if (stored.modified) headers.add("Last-Modified", http_date(*stored.modified));
    headers.add("Accept-Ranges", "bytes");
}

// Only the first two bytes are looked at (RFC 1952 §2.3.1). A file that isn't gzip has others.
bool is_gzip(const Descriptor& file) {
    std::array<char, 2> begin{};
    return pread(file.number(), begin.data(), begin.size(), 0) == 2 &&
           std::string_view(begin.data(), begin.size()) == "\x1f\x8b";
}

// The compressed copy, which stands beside the file itself and not beside a link to it. If anything
// is wrong with it, it counts as missing, because the file can be sent as it is. A copy older than
// the file has outdated content.
StoredFilePtr load_copy(const std::filesystem::path& folder, const std::string& inside,
                        const std::string& path, const struct stat& original) try {
    Descriptor file = open_below(folder, inside);
    struct stat facts {};
    if (!file || fstat(file.number(), &facts) != 0) return nullptr;
    const bool outdated = is_older(change_time(facts), change_time(original));
    if (!S_ISREG(facts.st_mode) || outdated || !is_gzip(file)) return nullptr;

    auto stored = std::make_shared<StoredFile>();
    read_content(*stored, std::move(file), facts);
    describe(*stored, path, facts, "-gzip");
    stored->headers.add("Vary", "Accept-Encoding");
    stored->content_headers.add("Content-Encoding", "gzip");
    return stored;
} catch (const std::system_error&) {
    return nullptr;
}

}  // namespace

StoredFilePtr load_file(const std::filesystem::path& folder, const std::string& path) {
    // Symbolic links are followed first, because what counts is where they lead.
    std::error_code error;
    const auto real = std::filesystem::canonical(folder / path, error);
    if (error) return absent(error.value());
    const std::string start = folder.native() + "/";
    if (real != folder && !real.native().starts_with(start)) return nullptr;
    const std::string inside = real != folder ? real.native().substr(start.size()) : ".";

    Descriptor file = open_below(folder, inside);
    if (!file && errno == EACCES) {
        file = open_below(folder, inside, step_into);  // a folder need not be readable
        if (!file) return absent(EACCES);
    }
    struct stat facts {};
    if (!file || fstat(file.number(), &facts) != 0) return absent(errno);
    auto stored = std::make_shared<StoredFile>();
    stored->looked_at = Clock::now();
    stored->is_directory = S_ISDIR(facts.st_mode);
    if (stored->is_directory) return stored;
    if (!S_ISREG(facts.st_mode)) return nullptr;  // a device, or the like

    read_content(*stored, std::move(file), facts);
    describe(*stored, path, facts, "");
    stored->gzip = load_copy(folder, inside + ".gz", path, facts);
    if (stored->gzip) stored->headers.add("Vary", "Accept-Encoding");
    return stored;
}
