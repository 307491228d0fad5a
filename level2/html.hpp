// The little HTML that the server writes itself.
// Leaves out: templates (level 4).
#pragma once

#include <string>
#include <string_view>

// Text that comes from outside, made safe to stand in HTML, also inside a quoted attribute. Without
// it, a person who can choose the text could run a script in the reader's browser (XSS). U+FFFD
// stands for each byte that isn't UTF-8 and for each ASCII control character but tab, LF and CR.
std::string escape(std::string_view text);

// A whole page. `content` is already HTML; `title` is text.
std::string html_page(std::string_view title, std::string_view content);

// A paragraph that shows the request line, or nothing if there is none. HEAD is shown as GET,
// because the length of the page must not depend on which of them asked (RFC 9110 §8.6).
std::string shown_request(std::string_view line);
