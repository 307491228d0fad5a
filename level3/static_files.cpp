// See static_files.hpp. Small files are kept in memory for a second, and go out in one send() with
// their head.
#include "static_files.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <limits>
#include <optional>
#include <string_view>

#include "accept.hpp"
#include "conditions.hpp"
#include "number.hpp"
#include "text.hpp"

namespace {

constexpr std::size_t cache_entries = 256;     // so the cache holds 32 MiB at most, with copies
constexpr std::chrono::seconds cache_time{1};  // how long a change may go unnoticed

// May this name be looked up at all? The path has been decoded, so it doesn't matter how ".." was
// spelled. No name may begin with a dot, which keeps .git and .htpasswd from being served.
bool is_safe(std::string_view path) {
    if (path.find('\0') != std::string_view::npos) return false;
    if (path.find('\\') != std::string_view::npos) return false;
    while (!path.empty()) {
        const std::string_view segment = take_until(path, "/");
        if (segment.empty() || segment.starts_with('.')) return false;
    }
    return true;
}

constexpr auto past_any_end = std::numeric_limits<std::uint64_t>::max();

// A position in a file. One too large for 64 bits is past the end of any file.
std::optional<std::uint64_t> parse_position(std::string_view text) {
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    if (!digits) return std::nullopt;
    return parse_number<std::uint64_t>(text).value_or(past_any_end);
}

// The name of the file at this path. A folder shows its index.html.
std::string name_of(const std::string& path) {
    return path.empty() || path.ends_with('/') ? path + "index.html" : path;
}

struct ByteRange {
    std::uint64_t offset;
    std::uint64_t length;  // 0: it lies outside the file
};

// The last bytes of a file, as many as the text says.
std::optional<ByteRange> parse_suffix(std::string_view text, std::uint64_t size) {
    const auto asked = parse_position(text);
    if (!asked || (size == 0 && *asked > 0)) return std::nullopt;  // no range says "all of nothing"
    const auto length = std::min(*asked, size);
    return ByteRange{size - length, length};
}

// The range that the field asks for: bytes=0-499, bytes=500- or bytes=-500, the last 500 (RFC 9110
// §14.1.2). Nothing if the field is malformed or lists several ranges; then it is ignored.
std::optional<ByteRange> parse_range(std::string_view value, std::uint64_t size) {
    if (!equal_ignoring_case(take_until(value, "="), "bytes")) return std::nullopt;
    if (value.find('-') == std::string_view::npos) return std::nullopt;
    const std::string_view first_text = take_until(value, "-");
    if (first_text.empty()) return parse_suffix(value, size);
    const auto first = parse_position(first_text);
    const auto last = value.empty() ? std::optional(past_any_end) : parse_position(value);
    if (!first || !last || *first > *last) return std::nullopt;
    if (*first >= size) return ByteRange{0, 0};
    return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

// Without the slash at the end of a folder's address, relative links in its page would point to the
// wrong folder.
Response redirect_to_slash(const std::string& target) {
    const auto path_end = std::min(target.find('?'), target.size());
    return Response::redirect(target.substr(0, path_end) + "/" + target.substr(path_end), 301);
}

// The whole file, or a part of it.
Response with_content(const StoredFile& file, std::optional<ByteRange> range = std::nullopt) {
    Response response{range ? 206 : 200, file.headers, ""};
    for (const auto& [name, value] : file.content_headers) {
        response.headers.add_checked(name, value);
    }
    const auto [offset, length] = range.value_or(ByteRange{0, file.size});
    if (range) {
        const std::string last = std::to_string(offset + length - 1);
        response.headers.add("Content-Range", concat({"bytes ", std::to_string(offset), "-", last,
                                                      "/", std::to_string(file.size)}));
    }
    if (file.file)
        response.file = FileSlice{file.file, offset, length};
    else
        response.body.assign(file.content, static_cast<std::size_t>(offset),
                             static_cast<std::size_t>(length));
    return response;
}

Response whole_or_part(const Request& request, const StoredFile& file) {
    const auto* const range_field = request.headers.find_single("Range");
    if (range_field == nullptr || request.method != "GET" ||
        !if_range_holds(request.headers, file.etag)) {
        return with_content(file);
    }
    const auto range = parse_range(*range_field, file.size);
    if (!range || range->length > 0) return with_content(file, range);
    auto response = Response::error(416, "The range starts past the end of the file.");
    response.headers.add("Content-Range", "bytes */" + std::to_string(file.size));
    return response;
}

// Not a large file, because the disk can't free a removed file that we keep open. Nor a file from
// the future, because its Last-Modified is the Date of each reply.
bool may_be_kept(const StoredFile& file) {
    const bool is_large = file.file != nullptr || (file.gzip && file.gzip->file);
    return !is_large && file.modified < std::time(nullptr);
}

}  // namespace

StaticFiles::StaticFiles(const std::filesystem::path& folder)
    : folder_(std::filesystem::canonical(folder)) {}

Response StaticFiles::serve_file(const Request& request, const std::string& path) {
    const std::string name = name_of(path);
    StoredFilePtr file = is_safe(name) ? find(name) : nullptr;
    // /a/ stands for /a/index.html. If that is a folder, a slash after /a/ would not help.
    const bool asked = request.path.ends_with(name);
    if (file && file->is_directory && asked) return redirect_to_slash(request.target);
    if (!file || file->is_directory) {
        return Response::error(404, "There is no file at " + request.path);
    }
    if (file->gzip && accepts_gzip(request.headers)) file = file->gzip;
    const int status = check_conditions(request.headers, file->etag, file->modified);
    if (status == 412) return Response::error(412, "The file has changed.");
    // Without the fields of the content: only what brings the client's copy up to date (§15.4.5).
    if (status == 304) return Response{304, file->headers, ""};
    return whole_or_part(request, *file);
}

// From the cache, or nullptr.
StoredFilePtr StaticFiles::find_in_memory(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(path);
    const bool known =
        found != cache_.end() && Clock::now() - found->second->looked_at < cache_time;
    return known ? found->second : nullptr;
}

// From the cache, or from the disk.
StoredFilePtr StaticFiles::find(const std::string& path) {
    if (auto file = find_in_memory(path)) return file;
    auto file = load_file(folder_, path);
    // What doesn't exist isn't kept, because there is no end to such names.
    if (file && may_be_kept(*file)) {
        const std::lock_guard lock(mutex_);
        if (cache_.size() >= cache_entries) cache_.clear();  // simple, and rare
        cache_[path] = file;
    }
    return file;
}
