// accept.hpp and mime.hpp on strings.
#include <doctest/doctest.h>

#include "accept.hpp"
#include "mime.hpp"

namespace {

int gzip_in(const char* value) {
    Headers headers;
    headers.add("Accept-Encoding", value);
    return quality_of(headers, "Accept-Encoding", "gzip");
}

}  // namespace

TEST_CASE("an item that is listed is wanted as much as its weight says") {
    CHECK(gzip_in("gzip") == 1000);
    CHECK(gzip_in("br, GZIP") == 1000);
    CHECK(gzip_in("br;q=1.0, gzip;q=0.5") == 500);
    CHECK(gzip_in("gzip ; Q=0.25 ,br") == 250);
}

TEST_CASE("the weight may come after other parameters") {
    CHECK(gzip_in("gzip;level=9;q=0.5, br") == 500);
    CHECK(gzip_in("gzip;q=0.5;level=9") == 500);
    CHECK(gzip_in("gzip;level;q=0") == 0);
}

TEST_CASE("a comma or a semicolon in a quoted parameter separates nothing") {
    CHECK(gzip_in(R"(br;x=",gzip,")") == 0);
    CHECK(gzip_in(R"(br;x="a\",gzip,";q=0.1, *;q=0.2)") == 200);
    CHECK(gzip_in(R"(gzip;x=";q=0;";q=0.5)") == 500);
    CHECK(gzip_in(R"(gzip;x="a, b"; q = 0.5;y=";q=1")") == 500);
    CHECK(gzip_in(R"(br;x="without an end, gzip)") == 0);
}

TEST_CASE("x-gzip is another name of gzip") {
    CHECK(gzip_in("x-gzip") == 1000);
    CHECK(gzip_in("br, X-GZIP;q=0.5") == 500);
    CHECK(gzip_in("x-gzip;q=0, *") == 0);
}

TEST_CASE("several lines of a field are one list") {
    Headers headers;
    headers.add("Accept-Encoding", "br");
    headers.add("accept-encoding", "gzip;q=0.5");
    CHECK(quality_of(headers, "Accept-Encoding", "gzip") == 500);
    CHECK(headers.joined("Accept-Encoding") == "br, gzip;q=0.5");
    CHECK(headers.joined("Accept").empty());
}

TEST_CASE("a client that prefers no compression gets none") {
    const auto accepts = [](const char* value) {
        Headers headers;
        headers.add("Accept-Encoding", value);
        return accepts_gzip(headers);
    };
    CHECK(accepts("gzip"));
    CHECK(accepts("gzip;q=0.5, identity;q=0.5"));
    CHECK_FALSE(accepts("gzip;q=0.5, identity"));
    CHECK_FALSE(accepts("gzip;q=0"));
    CHECK_FALSE(accepts("br"));
}

TEST_CASE("a weight of 0 means never") {
    CHECK(gzip_in("gzip;q=0") == 0);
    CHECK(gzip_in("gzip;q=0.000") == 0);
    CHECK(gzip_in("*, gzip;q=0") == 0);
}

TEST_CASE("a star stands for what is not listed") {
    CHECK(gzip_in("*") == 1000);
    CHECK(gzip_in("br, *;q=0.1") == 100);
    CHECK(gzip_in("br") == 0);
    CHECK(gzip_in("") == 0);
}

TEST_CASE("a weight counts in thousandths, and has at least one digit before its point") {
    CHECK(gzip_in("gzip;q=0.125") == 125);
    CHECK(gzip_in("gzip;q=0.05") == 50);
    CHECK(gzip_in("gzip;q=0.0009") == 0);
    CHECK(gzip_in("gzip;q=1.000") == 1000);
    CHECK(gzip_in("gzip;q=0.") == 0);
    CHECK(gzip_in("gzip;q=1.") == 1000);
    CHECK(gzip_in("gzip;q=.5") == 0);
    CHECK(gzip_in("gzip;q=0.5.5") == 0);
    CHECK(gzip_in("gzip;q=0.5-") == 0);
    CHECK(gzip_in("gzip;q=99999999999") == 0);
    CHECK(gzip_in("gzip;q=1000000000") == 1000);
}

TEST_CASE("a malformed weight counts as 0, and one above 1 as 1") {
    CHECK(gzip_in("gzip;q=x") == 0);
    CHECK(gzip_in("gzip;q=0.5x") == 0);
    CHECK(gzip_in("gzip;q=1e-1") == 0);
    CHECK(gzip_in("gzip;q=inf") == 0);
    CHECK(gzip_in("gzip;q=\"0.5\"") == 0);
    CHECK(gzip_in("gzip;q=") == 0);
    CHECK(gzip_in("gzip;q=-1") == 0);
    CHECK(gzip_in("gzip;q=7") == 1000);
    CHECK(gzip_in("gzip;level=9") == 1000);
}

TEST_CASE("without the field nothing is wanted") {
    CHECK(quality_of(Headers(), "Accept-Encoding", "gzip") == 0);
}

TEST_CASE("a file's type is told by its last suffix, in upper or lower case") {
    CHECK(mime_type("index.html") == "text/html; charset=utf-8");
    CHECK(mime_type("a.b/STYLE.CSS") == "text/css; charset=utf-8");
    CHECK(mime_type("app.min.js") == "text/javascript; charset=utf-8");
    CHECK(mime_type("photo.JPeG") == "image/jpeg");
    CHECK(mime_type("a.tar.gz") == "application/gzip");
}

TEST_CASE("a file without a known suffix is just bytes") {
    CHECK(mime_type("README") == "application/octet-stream");
    CHECK(mime_type("a.unheard-of") == "application/octet-stream");
    CHECK(mime_type("") == "application/octet-stream");
    CHECK(mime_type("dir.html/file") == "application/octet-stream");
}
