// Responses: see response.hpp.
#include "response.hpp"

#include <utility>

#include "html.hpp"
#include "text.hpp"

Response Response::html(std::string body, int status) {
    Response response{status, {}, std::move(body)};
    response.headers.add_checked("Content-Type", "text/html; charset=utf-8");
    return response;
}

Response Response::text(std::string body, int status) {
    Response response{status, {}, std::move(body)};
    response.headers.add_checked("Content-Type", "text/plain; charset=utf-8");
    return response;
}

Response Response::error(int status, std::string_view explanation) {
    Response response = html("", status);
    response.problem = explanation;
    return response;
}

void add_error_page(Response& response, std::string_view request_line) {
    if (response.problem.empty() || !response.body.empty()) return;
    const std::string title =
        std::to_string(response.status) + " " + std::string(reason_phrase(response.status));
    response.body = html_page(
        title, "<h1>" + title + "</h1>\n<p>" + escape(response.problem) + "</p>\n" +
                   shown_request(request_line) +
                   "<p>Try next: <a href=\"/\">the home page</a>, or <a href=\"/echo\">/echo</a>, "
                   "which shows a whole request as the server reads it.</p>");
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 414: return "URI Too Long";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 505: return "HTTP Version Not Supported";
        default: return "Unknown";
    }
}

std::string http_date(std::time_t time) {
    std::tm utc{};
    gmtime_r(&time, &utc);
    char text[30];  // 29 characters and the NUL
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

void serialize(const Response& response, bool with_body, std::string& output) {
    output.reserve(output.size() + response.body.size() + 512);  // one allocation instead of six
    append(output,
           {"HTTP/1.1 ", std::to_string(response.status), " ", reason_phrase(response.status),
            "\r\nDate: ", http_date(std::time(nullptr)), "\r\n"});
    for (const auto& [name, value] : response.headers) append(output, {name, ": ", value, "\r\n"});
    // Without it a cache would guess how long the reply stays good (RFC 9111 §4.2.2).
    if (response.headers.find("Cache-Control") == nullptr) output += "Cache-Control: no-cache\r\n";
    // nosniff keeps browsers from guessing a type other than the one that we state.
    output += "X-Content-Type-Options: nosniff\r\nConnection: close\r\n";
    // Some statuses never have a body, and so no length of one (RFC 9110 §8.6).
    if (response.status != 204 && response.status != 304) {
        append(output, {"Content-Length: ", std::to_string(response.body_size()), "\r\n"});
    }
    output += "\r\n";
    if (with_body) output += response.body;
}
