// See compress.hpp.
#include "middleware/compress.hpp"

#if !defined(NO_ZLIB) && __has_include(<zlib.h>)

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "accept.hpp"
#include "body/field_value.hpp"
#include "middleware/vary.hpp"
#include "text.hpp"

namespace {

// The content as gzip, or nothing if there isn't enough memory. (zlib only reads the content, but
// doesn't say so by const.)
std::optional<std::string> gzip(std::string& content, int level) {
    z_stream stream{};
    // 15: look back 32 KiB for repetitions. 16: in gzip's format (RFC 1952), because HTTP's
    // "deflate" is zlib's, and some clients expect it without zlib's header. 8: use 256 KiB of
    // memory.
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return std::nullopt;
    }
    // Room for the worst case, so that one call does it all.
    std::string result(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(content.data());
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    const bool complete = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return complete ? std::optional(std::move(result)) : std::nullopt;
}

// Is the content text? Pictures, films and archives are already compressed.
bool is_text(const Headers& headers) {
    const auto* const field = headers.find("Content-Type");
    if (field == nullptr) return false;
    const std::string type = lower_case(trim(field->substr(0, field->find(';'))));
    // application/json as well as application/ld+json, application/xml and image/svg+xml.
    return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") ||
           type.ends_with("javascript");
}

// Would the reply be compressed for a client that accepts that?
bool is_compressible(const Response& response, const CompressOptions& options) {
    // A large file or a stream isn't in the body. A part of a file (206) must stay a part of that very
    // file. 204 and 304 have no content.
    if (response.file || response.protocol) return false;
    const int status = response.status;
    if (status == 204 || status == 206 || status == 304) return false;
    if (response.body.size() < options.minimum || response.body.size() > options.maximum) {
        return false;
    }
    return is_text(response.headers) && response.headers.find("Content-Encoding") == nullptr &&
           !response.headers.lists("Cache-Control", "no-transform");
}

// A strong ETag stands for certain bytes, and these are now different ones (RFC 9110 §8.8.3.3). A
// weak one says "the same content", which is true. If-None-Match compares weakly (§13.1.2), so the
// handler still recognises the tag when the client sends it back. It wouldn't recognise "abc-gzip".
void weaken_etag(Headers& headers) {
    const auto* const etag = headers.find("ETag");
    if (etag != nullptr && !etag->starts_with("W/")) headers.set("ETag", "W/" + *etag);
}

bool names(const Headers& conditions, const std::string& etag) {
    const std::string known = conditions.joined("If-None-Match");
    for (std::string_view list = known; !list.empty();) {
        if (take_list_item(list, ',', Escapes::no) == etag) return true;
    }
    return false;
}

void compress_reply(Response& response, int level) {
    auto compressed = gzip(response.body, level);
    if (!compressed || compressed->size() >= response.body.size()) return;
    response.body = std::move(*compressed);
    response.headers.set("Content-Encoding", "gzip");
    weaken_etag(response.headers);
    // A range would be one of the uncompressed bytes, of no use to a client that has half of the
    // compressed ones.
    if (response.headers.find("Accept-Ranges") != nullptr) {
        response.headers.set("Accept-Ranges", "none");
    }
}

// Compresses the reply if the client accepts that and it gains something.
void finish(const Request& request, Response& response, const CompressOptions& options) {
    if (!is_compressible(response, options)) return;
    // Even if this client gets it uncompressed, because a cache must not give it to the others.
    vary_on(response.headers, "Accept-Encoding");
    // HEAD is compressed as well, because its fields must be those of GET. Its body is dropped
    // later.
    if (accepts_gzip(request.headers)) compress_reply(response, options.level);
}

// A 304 has the ETag that the full reply to the same request would have (§15.4.5). A client that
// names the weak one has a compressed copy, and would get a compressed one again. (Or it has weakened
// the ETag itself.) For all others only the full reply can tell whether it would be compressed.
void correct_etag(Request& request, const Next& next, Headers& headers,
                  const CompressOptions& options) {
    const auto* const etag = headers.find("ETag");
    if (etag == nullptr || !accepts_gzip(request.headers)) return;
    if (names(request.headers, "W/" + *etag)) return headers.set("ETag", "W/" + *etag);
    // An empty If-None-Match names no version, and keeps the date from being looked at. An empty
    // Range asks for nothing.
    for (const char* const name : {"If-None-Match", "Range"}) request.headers.set(name, "");
    Response full = next(request);
    finish(request, full, options);
    if (const auto* const tag = full.headers.find("ETag")) headers.set("ETag", *tag);
}

}  // namespace

bool compression_available() {
    return true;
}

Middleware compress(CompressOptions options) {
    options.maximum = std::min<std::size_t>(options.maximum, 1 << 30);  // zlib counts in 32 bits
    return [options](Request& request, const Next& next) {
        Response response = next(request);
        if (response.status == 304) correct_etag(request, next, response.headers, options);
        // The full reply might be compressed, so a 304 or 206 must carry the same Vary. An unneeded
        // Vary is harmless.
        if (response.status == 304 || response.status == 206) {
            vary_on(response.headers, "Accept-Encoding");
        }
        finish(request, response, options);
        return response;
    };
}

#else

bool compression_available() {
    return false;
}

Middleware compress(CompressOptions) {
    return [](Request& request, const Next& next) { return next(request); };
}

#endif
