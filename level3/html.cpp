// Writing HTML: see html.hpp.
#include "html.hpp"

#include <algorithm>
#include <cstddef>

#include "text.hpp"
#include "utf8.hpp"

namespace {

// U+FFFD, the character that stands for what could not be read.
constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Characters that stand for themselves. Most of a text is made of them.
constexpr CharacterSet plain_characters([](char c) {
    const bool is_text = (c >= ' ' && c <= '~') || c == '\t' || c == '\n' || c == '\r';
    return is_text && std::string_view("&\"'<>").find(c) == std::string_view::npos;
});

// How a character is written in HTML; `text` is the character in UTF-8.
std::string_view escape_character(std::string_view text) {
    switch (text[0]) {
        case '&': return "&amp;";
        case '"': return "&quot;";
        case '\'': return "&#39;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        default: return is_control(text[0]) ? replacement : text;
    }
}

// The markup around the title and the content of every page.
constexpr std::string_view before_title = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="A page of an HTTP server from scratch.">
<title>)";
constexpr std::string_view before_content = R"(</title>
<link rel="stylesheet" href="/static/style.css">
</head>
<body>
<nav>
<a href="/">Home</a>
<a href="/about">About</a>
</nav>
<main>
)";
constexpr std::string_view after_content = R"(
</main>
</body>
</html>
)";

}  // namespace

std::string escape(std::string_view text) {
    std::string result;
    for (;;) {
        const std::size_t plain = plain_characters.span(text);
        result += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return result;
        const std::size_t length = character_length(text);
        result += length > 0 ? escape_character(text.substr(0, length)) : replacement;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

std::string html_page(std::string_view title, std::string_view content) {
    return concat({before_title, escape(title), before_content, content, after_content});
}

std::string shown_request(std::string_view line) {
    if (line.empty()) return "";
    if (line.starts_with("HEAD ")) return shown_request(concat({"GET", line.substr(4)}));
    return concat({"<p>Your request: <code>", escape(line), "</code></p>\n"});
}
