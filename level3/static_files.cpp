// Static files: see static_files.hpp. Small files are kept in memory for a second, and leave
// together with their head in one send(). Large ones are never copied: the reply holds the open
// file, and the engine sends it piece by piece.
#include "static_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>
#include <system_error>

#include "accept.hpp"
#include "handler.hpp"
#include "mime.hpp"
#include "number.hpp"
#include "text.hpp"

namespace {

constexpr std::uint64_t small_file = 64 * 1024;  // bytes; larger ones leave by sendfile
constexpr std::size_t cache_entries = 256;       // so the cache holds 16 MiB at most
constexpr std::chrono::seconds cache_time{1};    // whoever edits a file sees it that soon

// Names that may be looked up at all. It is the decoded path that is judged here, so it does not
// matter how ".." was spelled. Not "." either: no dot-files such as .git or .htpasswd.
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

// An HTTP date in any of its three forms (RFC 9110 §5.6.7), or nothing.
std::optional<std::time_t> parse_http_date(const std::string& text) {
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
        std::tm utc{};
        const char* const end = strptime(text.c_str(), form, &utc);
        if (end != nullptr && *end == '\0') return timegm(&utc);
    }
    return std::nullopt;
}

// Is the ETag one of a list such as "a", W/"b" or *? A comma inside a quoted tag cuts it in two,
// but then neither half equals one of ours, which hold no comma.
enum class Comparison { strong, weak };
bool lists_etag(std::string_view list, std::string_view etag, Comparison comparison) {
    while (!list.empty()) {
        std::string_view candidate = trim(take_until(list, ","));
        if (candidate == "*") return true;
        if (comparison == Comparison::weak && candidate.starts_with("W/")) {
            candidate.remove_prefix(2);
        }
        if (candidate == etag) return true;
    }
    return false;
}

// What the conditions of a request make of it, in the order of RFC 9110 §13.2.2: 412, 304, or 200
// if they let it pass.
int check_conditions(const Headers& headers, std::string_view etag, std::time_t modified) {
    const auto date_of = [&](std::string_view name) -> std::optional<std::time_t> {
        const auto* const value = headers.find(name);
        return value != nullptr ? parse_http_date(*value) : std::nullopt;
    };
    if (headers.find("If-Match") != nullptr) {
        if (!lists_etag(headers.joined("If-Match"), etag, Comparison::strong)) return 412;
    } else if (const auto date = date_of("If-Unmodified-Since")) {
        if (modified > *date) return 412;
    }
    if (headers.find("If-None-Match") != nullptr) {
        if (lists_etag(headers.joined("If-None-Match"), etag, Comparison::weak)) return 304;
    } else if (const auto date = date_of("If-Modified-Since")) {
        if (modified <= *date) return 304;
    }
    return 200;
}

struct ByteRange {
    std::uint64_t offset;
    std::uint64_t length;  // 0: it lies outside the file
};

// The one range that is asked for, or nothing if there is none to be honoured: bytes=0-499,
// bytes=500- or bytes=-500, the last 500 (RFC 9110 §14.1.2).
std::optional<ByteRange> parse_range(std::string_view value, std::uint64_t size) {
    if (!value.starts_with("bytes=")) return std::nullopt;
    value.remove_prefix(6);
    const auto dash = std::min(value.find('-'), value.size());
    const std::string_view first_text = value.substr(0, dash);
    const std::string_view last_text = value.substr(std::min(dash + 1, value.size()));
    const auto first = parse_number<std::uint64_t>(first_text);
    const auto last = parse_number<std::uint64_t>(last_text);
    if (dash == value.size() || (!first && !first_text.empty()) || (!last && !last_text.empty())) {
        return std::nullopt;  // no range, or several, or nonsense
    }
    if (first && last && *first > *last) return std::nullopt;
    if (first) {
        if (*first >= size) return ByteRange{0, 0};
        return ByteRange{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
    }
    if (!last) return std::nullopt;
    return ByteRange{size - std::min(*last, size), std::min(*last, size)};
}

// With If-Range a range is only wanted of the very file that the client has the rest of (§13.1.5).
bool if_range_holds(const Headers& headers, const std::string& etag, std::time_t modified) {
    const auto* const condition = headers.find("If-Range");
    return condition == nullptr || *condition == etag || parse_http_date(*condition) == modified;
}

// Another one for each version of the file, and for its compressed copy: whoever has half of the
// one must not complete it with half of the other.
std::string etag_of(const struct stat& facts, const char* suffix) {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "\"%llx-%llx-%llx%s\"",
                                     static_cast<unsigned long long>(facts.st_mtim.tv_sec),
                                     static_cast<unsigned long long>(facts.st_mtim.tv_nsec),
                                     static_cast<unsigned long long>(facts.st_size), suffix);
    return {text.data(), static_cast<std::size_t>(length)};
}

// A directory's address without its slash would make the links in its page lead astray.
Response redirect_to_slash(const std::string& target) {
    const auto path_end = std::min(target.find('?'), target.size());
    auto response = Response::error(301, "This folder's address ends in a slash.");
    response.headers.add("Location", target.substr(0, path_end) + "/" + target.substr(path_end));
    return response;
}

// The fields that describe a file, whatever of it is sent.
Headers describe(const std::string& path, const std::string& etag, std::time_t modified) {
    Headers headers;
    headers.add("Content-Type", mime_type(path));
    headers.add("Last-Modified", http_date(modified));
    headers.add("ETag", etag);
    headers.add("Cache-Control", "no-cache");  // may be kept, but ask before each use
    headers.add("Accept-Ranges", "bytes");
    return headers;
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
    if (status == 412) return Response::error(412, "The file is not the one that you know.");
    if (status == 304) return Response{304, file->headers, ""};

    const auto* const range_field = request.headers.find("Range");
    if (range_field == nullptr || request.method != "GET" ||
        !if_range_holds(request.headers, file->etag, file->modified)) {
        return whole(*file);
    }
    const auto range = parse_range(*range_field, file->size);
    if (!range) return whole(*file);
    if (range->length > 0) return part(*file, range->offset, range->length);
    auto response = Response::error(416, "The file is not that long.");
    response.headers.add("Content-Range", "bytes */" + std::to_string(file->size));
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
    // Not what is missing: names that nobody has are endless. And not what is large: a file that is
    // kept open is not deleted when it is removed.
    if (file && !file->file) {
        const std::lock_guard lock(mutex_);
        if (cache_.size() >= cache_entries) cache_.clear();  // simple, and rare
        cache_[{path, coding}] = file;
    }
    return file;
}

// Looks a file up on the disk; nullptr if there is none that may be served.
StaticFiles::StoredFilePtr StaticFiles::load(const std::string& path, Coding coding) const {
    // Symbolic links are followed first; then the place that they lead to must lie in the folder.
    std::error_code error;
    const auto real =
        std::filesystem::canonical(folder_ / (coding == Coding::gzip ? path + ".gz" : path), error);
    if (error || !real.native().starts_with(folder_.native() + "/")) return nullptr;

    // O_NONBLOCK: opening a named pipe would wait for somebody to write into it.
    const auto file = std::make_shared<const Descriptor>(
        open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!*file) {
        if (errno == EACCES) throw HttpError(403, "This file may not be read.");
        if (errno == EMFILE || errno == ENFILE) throw HttpError(503, "Too many files are open.");
        return nullptr;
    }
    struct stat facts {};
    if (fstat(file->number(), &facts) != 0) return nullptr;

    auto stored = std::make_shared<StoredFile>();
    stored->looked_at = Clock::now();
    stored->is_directory = S_ISDIR(facts.st_mode);
    if (stored->is_directory) return stored;
    if (!S_ISREG(facts.st_mode)) return nullptr;  // a device, or the like

    stored->size = static_cast<std::uint64_t>(facts.st_size);
    if (stored->size <= small_file) {
        stored->content.resize(stored->size);
        const ssize_t count = pread(file->number(), stored->content.data(), stored->size, 0);
        stored->size = static_cast<std::uint64_t>(std::max<ssize_t>(count, 0));
        stored->content.resize(stored->size);  // somebody may be writing it just now
    } else {
        stored->file = file;
    }

    // A compressed copy that is older than the file holds what the file once was.
    struct stat copy {};
    stored->has_gzip = coding == Coding::none &&
                       stat((real.native() + ".gz").c_str(), &copy) == 0 && S_ISREG(copy.st_mode) &&
                       copy.st_mtime >= facts.st_mtime;
    stored->modified = facts.st_mtime;
    stored->etag = etag_of(facts, coding == Coding::gzip ? "-gzip" : "");
    stored->headers = describe(path, stored->etag, stored->modified);
    if (coding == Coding::gzip) stored->headers.add("Content-Encoding", "gzip");
    if (coding == Coding::gzip || stored->has_gzip) stored->headers.add("Vary", "Accept-Encoding");
    return stored;
}
