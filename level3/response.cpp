// Responses: see response.hpp.
#include "response.hpp"

#include <utility>

#include "html.hpp"
#include "text.hpp"

namespace {

// Formatted once a second. Made anew each time, the date would be a fifth of the cost of a pipelined
// reply. Each thread has its own, so none has to wait for another.
const std::string& current_date() {
    thread_local std::time_t made_at = 0;
    thread_local std::string date;
    const std::time_t now = std::time(nullptr);
    if (now != made_at) {
        made_at = now;
        date = http_date(now);
    }
    return date;
}

}  // namespace

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

Response Response::json(std::string body, int status) {
    Response response{status, {}, std::move(body)};
    response.headers.add_checked("Content-Type", "application/json");
    return response;
}

Response Response::redirect(std::string_view location, int status) {
    const std::string title = std::to_string(status) + " " + std::string(reason_phrase(status));
    const std::string link = escape(location);
    auto response = html(html_page(title, "<h1>" + title + "</h1>\n<p>This page is at <a href=\"" +
                                              link + "\">" + link + "</a>.</p>"),
                         status);
    response.headers.add("Location", location);
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
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 412: return "Precondition Failed";
        case 414: return "URI Too Long";
        case 416: return "Range Not Satisfiable";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
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

void serialize(const Response& response, bool with_body, std::string& output,
               std::optional<std::chrono::seconds> idle_limit) {
    output.reserve(output.size() + response.body.size() + 512);  // one allocation instead of six
    append(output, {"HTTP/1.1 ", std::to_string(response.status), " ",
                    reason_phrase(response.status), "\r\nDate: ", current_date(), "\r\n"});
    for (const auto& [name, value] : response.headers) append(output, {name, ": ", value, "\r\n"});
    // Without it a cache would guess how long the reply stays good (RFC 9111 §4.2.2).
    if (response.headers.find("Cache-Control") == nullptr) output += "Cache-Control: no-cache\r\n";
    // nosniff keeps browsers from guessing a type other than the one that we state.
    output += "X-Content-Type-Options: nosniff\r\n";
    // Keep-Alive is a hint, so that the client doesn't send its next request just when we close.
    // The option keep-alive names this field (RFC 9110 §7.6.1).
    if (idle_limit) {
        append(output, {"Connection: keep-alive\r\nKeep-Alive: timeout=",
                        std::to_string(idle_limit->count()), "\r\n"});
    } else {
        output += "Connection: close\r\n";
    }
    // Some statuses never have a body, and so no length of one (RFC 9110 §8.6).
    if (response.status != 204 && response.status != 304) {
        append(output, {"Content-Length: ", std::to_string(response.body_size()), "\r\n"});
    }
    output += "\r\n";
    if (with_body) output += response.body;
}
