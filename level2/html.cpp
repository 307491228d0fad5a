// Writing HTML: see html.hpp.
#include "html.hpp"

std::string escape(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '"': result += "&quot;"; break;
            case '\'': result += "&#39;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            default: result += c;
        }
    }
    return result;
}

std::string html_page(std::string_view title, std::string_view content) {
    std::string page;
    page.reserve(content.size() + 512);  // one allocation, where growing takes six
    page += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += "<title>" + escape(title) + "</title>\n";
    page += "</head>\n<body>\n<main>\n";
    page += content;
    page += "\n</main>\n</body>\n</html>\n";
    return page;
}
