// html.hpp on strings.
#include <doctest/doctest.h>

#include <string>

#include "html.hpp"

TEST_CASE("the five characters that mean something in HTML are escaped") {
    CHECK(escape("<a href=\"x\" id='y'>&") == "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
}

TEST_CASE("other text is left as it is") {
    CHECK(escape("Gr\xc3\xbc\xc3\x9f Gott") == "Gr\xc3\xbc\xc3\x9f Gott");
}

TEST_CASE("each byte that is not UTF-8 becomes U+FFFD") {
    CHECK(escape("a\xff\xfe") == "a\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(escape("\xc3(") == "\xef\xbf\xbd(");                // a lead byte without a continuation
    CHECK(escape("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");  // cut off
    CHECK(escape("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");  // overlong
}

TEST_CASE("control characters become U+FFFD, but tab, LF and CR stay") {
    CHECK(escape(std::string("\0\x1b\x7f", 3)) == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(escape("a\tb\r\n") == "a\tb\r\n");
}

TEST_CASE("the shown request is escaped, and nothing where there is none") {
    CHECK(shown_request("GET /<b> HTTP/1.1").find("<code>GET /&lt;b&gt; HTTP/1.1</code>") !=
          std::string::npos);
    CHECK(shown_request("").empty());
}

TEST_CASE("HEAD is shown as GET, because both replies have the same length") {
    CHECK(shown_request("HEAD /x HTTP/1.1") == shown_request("GET /x HTTP/1.1"));
    CHECK(shown_request("HEADER") != shown_request("GETER"));
}

TEST_CASE("a page's title is escaped and its content is not") {
    const auto page = html_page("<1>", "<p>2</p>");
    CHECK(page.find("<title>&lt;1&gt;</title>") != std::string::npos);
    CHECK(page.find("<p>2</p>") != std::string::npos);
}
