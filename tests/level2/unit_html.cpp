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

TEST_CASE("a page's title is escaped and its content is not") {
    const auto page = html_page("<1>", "<p>2</p>");
    CHECK(page.find("<title>&lt;1&gt;</title>") != std::string::npos);
    CHECK(page.find("<p>2</p>") != std::string::npos);
}
