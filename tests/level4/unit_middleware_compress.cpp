// Compression: which clients get gzip, which replies are compressed, and what their fields say.
#include <doctest/doctest.h>

#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "middleware/compress.hpp"
#include "response.hpp"
#include "static_files.hpp"
#include "stream/protocol.hpp"
#include "temporary_folder.hpp"
#include "value_of.hpp"

#if !defined(NO_ZLIB) && __has_include(<zlib.h>)
#include <zlib.h>
#endif

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string text(500, 'x');  // exactly long enough

// A stream that never sends anything.
struct Silence : Protocol {
    void open(std::function<void()>) override {}
    void feed(std::string_view) override {}
    void end_of_input() override {}
    std::string take_output() override { return ""; }
    bool finished() const override { return true; }
    bool dropped() const override { return false; }
    Clock::time_point deadline() const override { return {}; }
    void time_out() override {}
    void stop() override {}
};

Response make_reply(const Fields& fields = {}, const std::string& body = text, int status = 200) {
    Response response = Response::text(body, status);
    for (const auto& [name, value] : fields) response.headers.set(name, value);
    return response;
}

// The reply that a client with these fields gets.
Response passed_through(const Response& reply, const Fields& fields = {{"Accept-Encoding", "gzip"}},
                        const CompressOptions& options = {}, const std::string& method = "GET") {
    Request request;
    request.method = method;
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return wrap({compress(options)}, [&](Request&) { return reply; })(request);
}

}  // namespace

#if !defined(NO_ZLIB) && __has_include(<zlib.h>)

namespace {

// Unpacks it as a browser does. Fails unless it is exactly one complete gzip member.
std::string inflated(std::string content) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(content.data());
    stream.avail_in = static_cast<uInt>(content.size());
    std::string result(16 << 20, '\0');
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    CHECK(stream.avail_in == 0);
    result.resize(stream.total_out);
    inflateEnd(&stream);
    return result;
}

// Was the reply compressed? Fails if it is neither that nor unchanged.
bool is_compressed(const Response& response, const std::string& body) {
    if (response.headers.find("Content-Encoding") == nullptr) {
        CHECK(response.body == body);
        return false;
    }
    CHECK(value_of(response, "Content-Encoding") == "gzip");
    CHECK(response.headers.count("Content-Encoding") == 1);
    CHECK(response.body.size() < body.size());
    CHECK(inflated(response.body) == body);
    return true;
}

}  // namespace

TEST_CASE("a page is compressed for a client that accepts gzip, and says so") {
    CHECK(compression_available());
    const Response response = passed_through(make_reply());
    CHECK(is_compressed(response, text));
    CHECK(response.status == 200);
    CHECK(value_of(response, "Vary") == "Accept-Encoding");
    CHECK(value_of(response, "Content-Type") == "text/plain; charset=utf-8");
    CHECK(response.body.size() < 50);
}

TEST_CASE("a client that doesn't accept gzip gets the page as it is, and caches are told") {
    for (const Fields& fields :
         {Fields{}, Fields{{"Accept-Encoding", ""}}, Fields{{"Accept-Encoding", "br, deflate"}},
          Fields{{"Accept-Encoding", "gzip;q=0"}}, Fields{{"Accept-Encoding", "gzip;q=0.000, br"}},
          Fields{{"Accept-Encoding", "*;q=0"}}, Fields{{"Accept-Encoding", "*, gzip;q=0"}},
          Fields{{"Accept-Encoding", "identity"}}, Fields{{"Accept-Encoding", "gzipped"}},
          Fields{{"Accept-Encoding", "gzip;q=0.5, identity"}}}) {
        const Response response = passed_through(make_reply({{"ETag", "\"a\""}}), fields);
        CHECK_FALSE(is_compressed(response, text));
        CHECK(value_of(response, "Vary") == "Accept-Encoding");
        CHECK(value_of(response, "ETag") == "\"a\"");
    }
}

TEST_CASE("there are many ways to accept gzip") {
    for (const char* accepts :
         {"gzip", "GZip", "br, gzip", "deflate,gzip;q=0.1", "*", "*;q=0.1", "gzip, identity",
          "identity;q=0.5, gzip;q=1.0", "identity;q=0, *"}) {
        CAPTURE(std::string(accepts));
        CHECK(is_compressed(passed_through(make_reply(), {{"Accept-Encoding", accepts}}), text));
    }
}

TEST_CASE("text is compressed, but not what is already compressed") {
    for (const char* type :
         {"text/html", "text/html; charset=utf-8", "TEXT/CSS", "text/plain ;x=y",
          "application/json", "application/javascript", "text/javascript", "application/xml",
          "application/ld+json", "application/rss+xml; charset=utf-8", "image/svg+xml"}) {
        CAPTURE(std::string(type));
        CHECK(is_compressed(passed_through(make_reply({{"Content-Type", type}})), text));
    }
    for (const char* type :
         {"image/png", "application/zip", "application/octet-stream", "font/woff2", "video/mp4", "",
          "image/png; was=text/html", "x-text/html", "application/pdf; a=json"}) {
        CAPTURE(std::string(type));
        const Response response = passed_through(make_reply({{"Content-Type", type}}));
        CHECK_FALSE(is_compressed(response, text));
        CHECK(value_of(response, "Vary") == "(none)");
    }
    const Response untyped{200, {}, text};
    CHECK_FALSE(is_compressed(passed_through(untyped), text));
}

TEST_CASE("only replies between the smallest and the largest size are compressed") {
    const auto compresses = [](std::size_t size, CompressOptions options) {
        const std::string body(size, 'x');
        const Response response =
            passed_through(make_reply({}, body), {{"Accept-Encoding", "gzip"}}, options);
        const bool compressed = is_compressed(response, body);
        CHECK(value_of(response, "Vary") == (compressed ? "Accept-Encoding" : "(none)"));
        return compressed;
    };
    CHECK_FALSE(compresses(0, {}));
    CHECK_FALSE(compresses(499, {}));
    CHECK(compresses(500, {}));
    CHECK(compresses(8 << 20, {}));
    CHECK_FALSE(compresses((8 << 20) + 1, {}));
    CHECK_FALSE(compresses(99, {.minimum = 100}));
    CHECK(compresses(100, {.minimum = 100}));
    CHECK(compresses(1000, {.maximum = 1000}));
    CHECK_FALSE(compresses(1001, {.maximum = 1000}));
}

TEST_CASE("a reply that can't be compressed stays as it is") {
    for (const Fields& fields :
         {Fields{{"Content-Encoding", "gzip"}}, Fields{{"Content-Encoding", "br"}},
          Fields{{"Cache-Control", "no-transform"}},
          Fields{{"Cache-Control", "max-age=60, No-Transform"}}}) {
        const Response reply = make_reply(fields);
        const Response response = passed_through(reply);
        CHECK(response.body == text);
        CHECK(value_of(response, "Content-Encoding") == value_of(reply, "Content-Encoding"));
        CHECK(value_of(response, "Vary") == "(none)");
    }
    for (const int status : {204, 206, 304}) {
        const Response response = passed_through(make_reply({{"ETag", "\"a\""}}, text, status));
        CHECK_FALSE(is_compressed(response, text));
        CHECK(value_of(response, "ETag") == "\"a\"");
    }
    Response slice = make_reply();
    slice.file = FileSlice{nullptr, 0, 1 << 20};
    CHECK_FALSE(is_compressed(passed_through(slice), text));
    Response stream = make_reply({{"Content-Type", "text/event-stream"}});
    stream.protocol = std::make_shared<Silence>();
    CHECK_FALSE(is_compressed(passed_through(stream), text));
}

TEST_CASE("errors and replies to other methods are compressed as well") {
    for (const int status : {201, 404, 422, 500}) {
        const Response response = passed_through(make_reply({}, text, status));
        CHECK(is_compressed(response, text));
        CHECK(response.status == status);
    }
    CHECK(is_compressed(passed_through(make_reply(), {{"Accept-Encoding", "gzip"}}, {}, "POST"),
                        text));
}

TEST_CASE("HEAD gets the fields and the length of GET") {
    const Response reply = make_reply({{"ETag", "\"a\""}, {"Vary", "Cookie"}});
    const Fields fields{{"Accept-Encoding", "gzip"}};
    std::string get;
    std::string head;
    serialize(passed_through(reply, fields), false, get);
    serialize(passed_through(reply, fields, {}, "HEAD"), false, head);
    const auto without_date = [](const std::string& message) {
        return message.substr(message.find("\r\n", message.find("Date:")));
    };
    CHECK(without_date(get) == without_date(head));
}

TEST_CASE("a reply's own Vary is kept") {
    CHECK(value_of(passed_through(make_reply({{"Vary", "Origin"}})), "Vary") ==
          "Origin, Accept-Encoding");
    CHECK(value_of(passed_through(make_reply({{"Vary", "accept-encoding"}})), "Vary") ==
          "accept-encoding");
}

TEST_CASE("compression makes a strong ETag weak, and leaves a weak one as it is") {
    CHECK(value_of(passed_through(make_reply({{"ETag", "\"a\""}})), "ETag") == "W/\"a\"");
    CHECK(value_of(passed_through(make_reply({{"ETag", "W/\"a\""}})), "ETag") == "W/\"a\"");
    CHECK(value_of(passed_through(make_reply()), "ETag") == "(none)");
}

TEST_CASE("a 304 has Vary, and the ETag in the form of the client's copy") {
    const Response reply = make_reply({{"ETag", "\"a\""}}, "", 304);
    const auto etag_for = [&](const std::string& known) {
        const Response response =
            passed_through(reply, {{"Accept-Encoding", "gzip"}, {"If-None-Match", known}});
        CHECK(response.status == 304);
        CHECK(response.body.empty());
        CHECK(value_of(response, "Content-Encoding") == "(none)");
        CHECK(value_of(response, "Vary") == "Accept-Encoding");
        return value_of(response, "ETag");
    };
    CHECK(etag_for("W/\"a\"") == "W/\"a\"");
    CHECK(etag_for("\"x\", W/\"a\"") == "W/\"a\"");
    CHECK(etag_for("\"a\"") == "\"a\"");
    CHECK(etag_for("\"x, W/\"a\", y\"") == "\"a\"");
    CHECK(etag_for("W/\"x\", \"a\"") == "\"a\"");
    CHECK(etag_for("*") == "\"a\"");
    CHECK(value_of(passed_through(make_reply({}, "", 304)), "ETag") == "(none)");
    CHECK(value_of(passed_through(make_reply({}, "", 304)), "Vary") == "Accept-Encoding");
    // A full reply of a few bytes isn't compressed, whatever the client has.
    const Response small = make_reply({{"ETag", "\"a\""}}, "small");
    CHECK(value_of(passed_through(small, {{"If-None-Match", "W/\"a\""}}), "ETag") == "\"a\"");
    const Response weak = make_reply({{"ETag", "W/\"a\""}}, "", 304);
    CHECK(value_of(passed_through(weak, {{"If-None-Match", "W/\"a\""}}), "ETag") == "W/\"a\"");
}

TEST_CASE("a 304 has the ETag of the client's copy, whichever line of the list names it") {
    const Response reply = make_reply({{"ETag", "\"a\""}}, "", 304);
    const Fields lines{{"Accept-Encoding", "gzip"},
                       {"If-None-Match", "\"x,y\""},
                       {"If-None-Match", "\"z\", W/\"a\""}};
    CHECK(value_of(passed_through(reply, lines), "ETag") == "W/\"a\"");
}

TEST_CASE("a static file that was compressed is recognised when the client comes back") {
    const TemporaryFolder folder;
    folder.write("page.html", text);
    StaticFiles files(folder.root);
    const Handler app = wrap(
        {compress()}, [&](Request& request) { return files.serve_file(request, "page.html"); });
    Request request;
    request.method = "GET";
    request.headers.add("Accept-Encoding", "gzip");
    const Response first = app(request);
    CHECK(is_compressed(first, text));
    const std::string etag = value_of(first, "ETag");
    CHECK(etag.starts_with("W/\""));

    request.headers.add("If-None-Match", etag);
    const Response again = app(request);
    CHECK(again.status == 304);
    CHECK(value_of(again, "ETag") == etag);
    CHECK(value_of(again, "Vary") == "Accept-Encoding");

    // Uncompressed bytes after half of the compressed ones would spoil the file, so all of it is
    // sent.
    request.headers.set("If-None-Match", "\"x\"");
    request.headers.add("Range", "bytes=100-");
    request.headers.add("If-Range", etag);
    CHECK(app(request).status == 200);
}

TEST_CASE("a 304 has the ETag that the full reply would have, whatever the client names") {
    const TemporaryFolder folder;
    folder.write("page.html", text);
    folder.write("small.html", "small");
    StaticFiles files(folder.root);
    const Handler app = wrap({compress()}, [&](Request& request) {
        return files.serve_file(request, request.path.substr(1));
    });
    const auto reply = [&](const char* path, const char* coding, const Fields& conditions) {
        Request request;
        request.method = "GET";
        request.path = path;
        request.headers.add("Accept-Encoding", coding);
        for (const auto& [name, value] : conditions) request.headers.add(name, value);
        return app(request);
    };
    // A second later, because a file's time may be some milliseconds ahead of what time() says.
    const Fields by_date{{"If-Modified-Since", http_date(std::time(nullptr) + 1)}};
    const Fields by_star{{"If-None-Match", "*"}};
    for (const char* path : {"/page.html", "/small.html"}) {
        for (const char* coding : {"gzip", "br", "gzip;q=0"}) {
            const std::string etag = value_of(reply(path, coding, {}), "ETag");
            const std::string strong = etag.substr(etag.starts_with("W/") ? 2 : 0);
            const Fields by_strong{{"If-None-Match", strong}};
            Fields by_weak{{"If-None-Match", "W/" + strong}};
            // A client that has itself weakened what it was given gets that back.
            if (path == std::string("/small.html")) by_weak = by_strong;
            for (const Fields& conditions : {by_date, by_star, by_strong, by_weak}) {
                const Response found = reply(path, coding, conditions);
                CHECK(found.status == 304);
                CHECK(found.body.empty());
                CHECK(value_of(found, "Content-Encoding") == "(none)");
                CHECK(value_of(found, "ETag") == etag);
            }
        }
    }
}

TEST_CASE("a compressed reply doesn't offer ranges, but an uncompressed one may") {
    const Response reply = make_reply({{"Accept-Ranges", "bytes"}});
    CHECK(value_of(passed_through(reply), "Accept-Ranges") == "none");
    CHECK(value_of(passed_through(reply, {}), "Accept-Ranges") == "bytes");
    CHECK(value_of(passed_through(make_reply()), "Accept-Ranges") == "(none)");
}

TEST_CASE("a body that compression doesn't make smaller is left as it is") {
    std::mt19937 random(1);
    std::string noise(2000, '\0');
    for (char& c : noise) c = static_cast<char>(random() % 256);
    const Response response = passed_through(make_reply({{"ETag", "\"a\""}}, noise));
    CHECK_FALSE(is_compressed(response, noise));
    CHECK(value_of(response, "ETag") == "\"a\"");
}

TEST_CASE("bodies of all sizes and of any bytes can be unpacked again, at every level") {
    std::mt19937 random(2);
    for (const std::size_t size : {500u, 501u, 4096u, 65'537u, 1'000'000u}) {
        std::string body(size, '\0');
        for (char& c : body) c = static_cast<char>(random() % 64);
        for (const int level : {1, 6, 9}) {
            const Response response = passed_through(
                make_reply({}, body), {{"Accept-Encoding", "gzip"}}, {.level = level});
            CHECK(is_compressed(response, body));
        }
    }
}

TEST_CASE("a higher level makes a page smaller") {
    std::string page;
    for (int i = 0; i < 2000; ++i) page += "<li>" + std::to_string(i * i % 997) + " words</li>\n";
    const auto size = [&](int level) {
        return passed_through(make_reply({}, page), {{"Accept-Encoding", "gzip"}}, {.level = level})
            .body.size();
    };
    CHECK(size(9) < size(1));
    CHECK(size(1) < page.size() / 3);
}

#else

TEST_CASE("without zlib every reply stays as it is") {
    CHECK_FALSE(compression_available());
    const Response reply = make_reply({{"ETag", "\"a\""}});
    const Response response = passed_through(reply);
    CHECK(response.body == text);
    CHECK(value_of(response, "Content-Encoding") == "(none)");
    CHECK(value_of(response, "Vary") == "(none)");
    CHECK(value_of(response, "ETag") == "\"a\"");
}

#endif
