// The little HTML that the server writes itself.
// Leaves out: templates (level 4).
#pragma once

#include <string>
#include <string_view>

// Text that comes from outside, made safe to stand in HTML, also inside a quoted attribute. Without
// it, whoever can choose the text can run a script in the reader's browser (XSS).
std::string escape(std::string_view text);

// A whole page. `content` is HTML already; `title` is text.
std::string html_page(std::string_view title, std::string_view content);
