// See compress.hpp.
#include "middleware/compress.hpp"

#if !defined(NO_ZLIB) && __has_include(<zlib.h>)

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "accept.hpp"
#include "body/field_value.hpp"
#include "middleware/vary.hpp"
#include "text.hpp"

namespace {

// The content as gzip, or nothing if there is no memory for that. (It is only read, but zlib has no
// word for that.)
std::optional<std::string> gzip(std::string& content, int level) {
    z_stream stream{};
    // 15: it looks back 32 KiB for repetitions. 16: in gzip's wrapping (RFC 1952), not in zlib's,
    // which HTTP calls "deflate" and clients understand in two ways. 8: with 256 KiB of memory.
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return std::nullopt;
    }
    // As much room as it can need at worst: so one call does it all.
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

// Types that are made of text. Pictures, films and archives are compressed already.
bool is_text(const Headers& headers) {
    const auto* const field = headers.find("Content-Type");
    if (field == nullptr) return false;
    const std::string type = lower_case(trim(field->substr(0, field->find(';'))));
    // application/json as well as application/ld+json, application/xml and image/svg+xml.
    return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") ||
           type.ends_with("javascript");
}

// Would the reply be compressed for somebody who accepts it?
bool is_compressible(const Response& response, const CompressOptions& options) {
    // Not what is sent in other ways than as this body, or is a stream and has only begun. A part
    // of a file (206) must stay a part of that very file; 204 and 304 have no content.
    if (response.file || response.protocol) return false;
    const int status = response.status;
    if (status == 204 || status == 206 || status == 304) return false;
    if (response.body.size() < options.minimum || response.body.size() > options.maximum) {
        return false;
    }
    return is_text(response.headers) && response.headers.find("Content-Encoding") == nullptr &&
           !response.headers.lists("Cache-Control", "no-transform");
}

// A strong ETag stands for certain bytes, and these are others now (RFC 9110 §8.8.3.3). A weak one
// says "the same content", which is true. If-None-Match compares weakly (§13.1.2), so the handler
// still knows it when the client comes back with it; a changed one, "abc-gzip", it would not know.
void weaken_etag(Headers& headers) {
    const auto* const etag = headers.find("ETag");
    if (etag != nullptr && !etag->starts_with("W/")) headers.set("ETag", "W/" + *etag);
}

// A 304 has the fields that the whole reply would have (§15.4.5). There is no body to judge that
// by, but if the client's copy has the weakened ETag, then it was compressed.
void restore_weak_etag(const Request& request, Headers& headers) {
    const auto* const etag = headers.find("ETag");
    const auto* const known = request.headers.find("If-None-Match");
    if (etag == nullptr || known == nullptr) return;
    if (known->find("W/" + *etag) != std::string::npos) weaken_etag(headers);
}

void compress_reply(Response& response, int level) {
    auto compressed = gzip(response.body, level);
    if (!compressed || compressed->size() >= response.body.size()) return;
    response.body = std::move(*compressed);
    response.headers.set("Content-Encoding", "gzip");
    weaken_etag(response.headers);
    // A range would be one of the uncompressed bytes, of no use to somebody who has half of
    // these.
    if (response.headers.find("Accept-Ranges") != nullptr) {
        response.headers.set("Accept-Ranges", "none");
    }
}

}  // namespace

bool compression_available() {
    return true;
}

Middleware compress(CompressOptions options) {
    options.maximum = std::min<std::size_t>(options.maximum, 1 << 30);  // zlib counts in 32 bits
    return [options](Request& request, const Next& next) {
        Response response = next(request);
        if (response.status == 304) restore_weak_etag(request, response.headers);
        // Of a reply that may well be compressed when it is whole. One Vary too many does no harm.
        if (response.status == 304 || response.status == 206) {
            vary_on(response.headers, "Accept-Encoding");
        }
        if (!is_compressible(response, options)) return response;
        // Also if this client gets it uncompressed: a cache must not give that reply to the others.
        vary_on(response.headers, "Accept-Encoding");
        // For HEAD, too, whose body is dropped later: its fields are to be those of GET.
        if (accepts_gzip(request.headers)) compress_reply(response, options.level);
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
