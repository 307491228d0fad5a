// See static_files.hpp. Small files are kept in memory for a second, and go out in one send() with
// their head. Large ones are never copied: the reply holds the open file, and the engine sends it
// piece by piece.
#include "static_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include "accept.hpp"
#include "conditions.hpp"
#include "handler.hpp"
#include "mime.hpp"
#include "number.hpp"
#include "text.hpp"

namespace {

constexpr std::uint64_t small_file = 64 * 1024;  // bytes; larger files are sent by sendfile
constexpr std::size_t cache_entries = 256;       // so the cache holds 16 MiB at most
constexpr std::chrono::seconds cache_time{1};    // how long a change may go unnoticed

// May this name be looked up at all? The path has been decoded, so it doesn't matter how ".." was
// spelled. No name may begin with a dot, which keeps .git and .htpasswd from being served.
bool is_safe(std::string_view path) {
    if (path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos) {
        return false;
    }
    while (!path.empty()) {
        const std::string_view segment = take_until(path, "/");
        if (segment.empty() || segment.starts_with('.')) return false;
    }
    return true;
}

// A position in a file. One past what 64 bits hold is past the end of any file, like the largest.
std::optional<std::uint64_t> parse_position(std::string_view text) {
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    if (!digits) return std::nullopt;
    return parse_number<std::uint64_t>(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

struct ByteRange {
    std::uint64_t offset;
    std::uint64_t length;  // 0: it lies outside the file
};

// The range that the field asks for: bytes=0-499, bytes=500- or bytes=-500, the last 500 (RFC 9110
// §14.1.2). Nothing if the field is malformed or lists several ranges; then it is ignored.
std::optional<ByteRange> parse_range(std::string_view value, std::uint64_t size) {
    if (!equal_ignoring_case(take_until(value, "="), "bytes") ||
        value.find('-') == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view first_text = take_until(value, "-");
    const std::string_view last_text = value;
    const auto first = parse_position(first_text);
    const auto last = parse_position(last_text);
    if ((!first && !first_text.empty()) || (!last && !last_text.empty())) return std::nullopt;
    if (first && last && *first > *last) return std::nullopt;
    if (first) {
        if (*first >= size) return ByteRange{0, 0};
        return ByteRange{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
    }
    if (!last) return std::nullopt;
    return ByteRange{size - std::min(*last, size), std::min(*last, size)};
}

// Each version of a file, and each compressed copy, has an ETag of its own, so that a client can't
// join half of one to half of another.
std::string etag_of(const struct stat& facts, const char* suffix) {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "\"%llx-%llx-%llx%s\"",
                                     static_cast<unsigned long long>(facts.st_mtim.tv_sec),
                                     static_cast<unsigned long long>(facts.st_mtim.tv_nsec),
                                     static_cast<unsigned long long>(facts.st_size), suffix);
    return {text.data(), static_cast<std::size_t>(length)};
}

// Without the slash at the end of a folder's address, the links in its page would lead astray.
Response redirect_to_slash(const std::string& target) {
    const auto path_end = std::min(target.find('?'), target.size());
    return Response::redirect(target.substr(0, path_end) + "/" + target.substr(path_end), 301);
}

// The content of a small file. It may turn out shorter than its size said, because another program
// may be writing it.
std::string read_content(const Descriptor& file, std::uint64_t size) {
    std::string content(size, '\0');
    const ssize_t count = pread(file.number(), content.data(), size, 0);
    content.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return content;
}

}  // namespace

StaticFiles::StaticFiles(const std::filesystem::path& folder)
    : folder_(std::filesystem::canonical(folder)) {}

Response StaticFiles::serve_file(const Request& request, const std::string& path) {
    const bool wants_index = path.empty() || path.ends_with('/');
    const std::string name = wants_index ? path + "index.html" : path;
    StoredFilePtr file = is_safe(name) ? find(name, Coding::none) : nullptr;
    if (!file) return Response::error(404, "There is no file at " + request.path);
    if (file->is_directory) return redirect_to_slash(request.target);
    if (file->has_gzip && accepts_gzip(request.headers)) {
        if (auto compressed = find(name, Coding::gzip)) file = compressed;
    }
    const int status = check_conditions(request.headers, file->etag, file->modified);
    if (status == 412) return Response::error(412, "The file has changed.");
    if (status == 304) return Response{304, file->headers, ""};
    return whole_or_part(request, *file);
}

Response StaticFiles::whole_or_part(const Request& request, const StoredFile& file) {
    const auto* const range_field = request.headers.find_single("Range");
    if (range_field == nullptr || request.method != "GET" ||
        !if_range_holds(request.headers, file.etag)) {
        return whole(file);
    }
    const auto range = parse_range(*range_field, file.size);
    if (!range) return whole(file);
    if (range->length > 0) return part(file, range->offset, range->length);
    auto response = Response::error(416, "The range starts past the end of the file.");
    response.headers.add("Content-Range", "bytes */" + std::to_string(file.size));
    return response;
}

Response StaticFiles::whole(const StoredFile& file) {
    Response response{200, file.headers, file.content};
    if (file.file) response.file = FileSlice{file.file, 0, file.size};
    return response;
}

Response StaticFiles::part(const StoredFile& file, std::uint64_t offset, std::uint64_t length) {
    Response response{206, file.headers, ""};
    response.headers.add("Content-Range", "bytes " + std::to_string(offset) + "-" +
                                              std::to_string(offset + length - 1) + "/" +
                                              std::to_string(file.size));
    if (file.file)
        response.file = FileSlice{file.file, offset, length};
    else
        response.body = file.content.substr(offset, length);
    return response;
}

// From the cache, or from the disk.
StaticFiles::StoredFilePtr StaticFiles::find(const std::string& path, Coding coding) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = cache_.find({path, coding});
        if (found != cache_.end() && Clock::now() - found->second->looked_at < cache_time) {
            return found->second;
        }
    }
    auto file = load(path, coding);
    // What doesn't exist isn't kept, because there is no end to such names. Nor are large files,
    // because a file that is kept open isn't deleted when it is removed.
    if (file && !file->file) {
        const std::lock_guard lock(mutex_);
        if (cache_.size() >= cache_entries) cache_.clear();  // simple, and rare
        cache_[{path, coding}] = file;
    }
    return file;
}

// Looks a file up on the disk. Returns nullptr if there isn't one that may be served.
StaticFiles::StoredFilePtr StaticFiles::load(const std::string& path, Coding coding) const {
    const auto file = open_file(coding == Coding::gzip ? path + ".gz" : path);
    struct stat facts {};
    if (!file || fstat(file->number(), &facts) != 0) return nullptr;

    auto stored = std::make_shared<StoredFile>();
    stored->looked_at = Clock::now();
    stored->is_directory = S_ISDIR(facts.st_mode);
    if (stored->is_directory) return stored;
    if (!S_ISREG(facts.st_mode)) return nullptr;  // a device, or the like

    stored->size = static_cast<std::uint64_t>(facts.st_size);
    if (stored->size > small_file) {
        stored->file = file;
    } else {
        stored->content = read_content(*file, stored->size);
        stored->size = stored->content.size();
    }
    describe(*stored, path, coding, facts);
    return stored;
}

// Opens what is there under this name. Returns nullptr if there isn't anything, or if it lies
// outside the folder.
std::shared_ptr<const Descriptor> StaticFiles::open_file(const std::string& name) const {
    // Symbolic links are followed first, because what counts is where they lead.
    std::error_code error;
    const auto real = std::filesystem::canonical(folder_ / name, error);
    if (error || !real.native().starts_with(folder_.native() + "/")) return nullptr;

    // O_NONBLOCK, because opening a named pipe would wait until another program writes to it.
    auto file = std::make_shared<const Descriptor>(
        open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (*file) return file;
    if (errno == EACCES) throw HttpError(403, "This file may not be read.");
    if (errno == EMFILE || errno == ENFILE) throw HttpError(503, "Too many files are open.");
    return nullptr;
}

// Fills in the fields that describe a file, however much of it is sent.
void StaticFiles::describe(StoredFile& stored, const std::string& path, Coding coding,
                           const struct stat& facts) const {
    // A compressed copy that is older than the file has the content that the file once had.
    struct stat copy {};
    stored.has_gzip = coding == Coding::none &&
                      stat((folder_ / (path + ".gz")).c_str(), &copy) == 0 &&
                      S_ISREG(copy.st_mode) && copy.st_mtime >= facts.st_mtime;
    stored.modified = facts.st_mtime;
    stored.etag = etag_of(facts, coding == Coding::gzip ? "-gzip" : "");

    Headers& headers = stored.headers;
    headers.add("Content-Type", mime_type(path));
    headers.add("Last-Modified", http_date(stored.modified));
    headers.add("ETag", stored.etag);
    headers.add("Cache-Control", "no-cache");  // may be kept, but ask before each use
    headers.add("Accept-Ranges", "bytes");
    if (coding == Coding::gzip) headers.add("Content-Encoding", "gzip");
    if (coding == Coding::gzip || stored.has_gzip) headers.add("Vary", "Accept-Encoding");
}
