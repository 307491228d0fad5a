// See mime.hpp. The types are those of the IANA registry, for the kinds of files that sites have.
#include "mime.hpp"

#include <utility>

#include "text.hpp"

namespace {

// The suffixes of a kind of file, and its type.
constexpr std::pair<std::string_view, std::string_view> types[] = {
    {"html htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js mjs", "text/javascript; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"bmp", "image/bmp"},
    {"tif tiff", "image/tiff"},
    {"txt c h cpp hpp py log", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"ics", "text/calendar; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"xhtml", "application/xhtml+xml; charset=utf-8"},
    {"xml", "application/xml; charset=utf-8"},
    {"json map", "application/json"},
    {"jsonld", "application/ld+json"},
    {"webmanifest", "application/manifest+json"},
    {"rss", "application/rss+xml; charset=utf-8"},
    {"atom", "application/atom+xml; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"pdf", "application/pdf"},
    {"epub", "application/epub+zip"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tar", "application/x-tar"},
    {"7z", "application/x-7z-compressed"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"wav", "audio/wav"},
    {"oga ogg", "audio/ogg"},
    {"m4a", "audio/mp4"},
    {"flac", "audio/flac"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"ogv", "video/ogg"},
    {"mov", "video/quicktime"},
};

}  // namespace

std::string_view mime_type(std::string_view file_name) {
    const auto dot = file_name.rfind('.');
    const auto suffix = dot == std::string_view::npos ? "" : file_name.substr(dot + 1);
    for (auto [suffixes, type] : types) {
        while (!suffixes.empty()) {
            if (equal_ignoring_case(suffix, take_until(suffixes, " "))) return type;
        }
    }
    return "application/octet-stream";
}
