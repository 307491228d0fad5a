// The helpers of guestbook.hpp. The reader of pages knows tags, attributes and text, and that a
// quoted attribute ends at its quote and nowhere else, because that is what an XSS attack exploits.
#include "guestbook.hpp"

#include <algorithm>
#include <cctype>
#include <random>

#include "text.hpp"

const std::string urlencoded_type = "application/x-www-form-urlencoded";
const std::string json_type = "application/json";
const std::string boundary = "----BlackBox7d1F";
const std::string multipart_type = "multipart/form-data; boundary=" + boundary;

namespace {

std::string head(std::string_view method, std::string_view target,
                 const std::vector<std::string>& fields) {
    std::string bytes = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    bytes += "Host: localhost\r\n";
    for (const std::string& field : fields) bytes += field + "\r\n";
    return bytes;
}

std::vector<std::pair<std::string, std::string>> fields_of(const Typed& typed) {
    return {{"name", typed.name}, {"email", typed.email}, {"message", typed.message}};
}

// The end of a tag, after the first > that isn't in quotes.
std::size_t tag_end(std::string_view html, std::size_t from) {
    char quote = '\0';
    for (std::size_t i = from; i < html.size(); ++i) {
        char c = html[i];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if ((c == '"' || c == '\'') && html[i - 1] == '=') {
            quote = c;
        } else if (c == '>') {
            return i + 1;
        }
    }
    return html.size();
}

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

std::string with_body_and_stay(std::string_view method, std::string_view target,
                               std::string_view type, std::string_view body,
                               const std::vector<std::string>& fields) {
    std::string bytes = head(method, target, fields);
    if (!type.empty()) bytes += "Content-Type: " + std::string(type) + "\r\n";
    bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return bytes + std::string(body);
}

std::string with_body(std::string_view method, std::string_view target, std::string_view type,
                      std::string_view body, const std::vector<std::string>& fields) {
    std::vector<std::string> all = {"Connection: close"};
    all.insert(all.end(), fields.begin(), fields.end());
    return with_body_and_stay(method, target, type, body, all);
}

std::string chunked(std::string_view target, std::string_view chunks,
                    const std::vector<std::string>& fields) {
    std::string bytes = head("POST", target, fields);
    return bytes + "Transfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

std::string unique(const std::string& prefix) {
    static std::random_device random;
    static const char* letters = "bcdfghjklmnpqrstvwxz";
    std::string text = prefix + " ";
    for (int i = 0; i < 14; ++i) text += letters[random() % 20];
    return text;
}

std::string urlencoded(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string body;
    for (const auto& [name, value] : fields)
        body += (body.empty() ? "" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
    return body;
}

std::string multipart(const std::vector<Part>& parts) {
    std::string body;
    for (const Part& part : parts) {
        body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + part.name + "\"";
        if (!part.filename.empty()) body += "; filename=\"" + part.filename + "\"";
        if (!part.type.empty()) body += "\r\nContent-Type: " + part.type;
        body += "\r\n\r\n" + part.content + "\r\n";
    }
    return body + "--" + boundary + "--\r\n";
}

std::string contact(const Typed& typed, const std::vector<std::string>& fields) {
    return with_body("POST", "/contact", urlencoded_type, urlencoded(fields_of(typed)), fields);
}

std::string contact_multipart(const Typed& typed, const std::vector<std::string>& fields) {
    std::vector<Part> parts;
    for (const auto& [name, value] : fields_of(typed)) parts.push_back({name, value});
    return with_body("POST", "/contact", multipart_type, multipart(parts), fields);
}

std::string cookie_field(const Exchange& exchange) {
    std::string cookies;
    for (const Field& field : exchange.reply.fields) {
        if (lower(field.name) != "set-cookie") continue;
        cookies += (cookies.empty() ? "" : "; ") + split(field.value, ';').front();
    }
    return "Cookie: " + cookies;
}

std::string visit(const Typed& typed, ServerProcess& server, Where where) {
    Exchange reply = exchange(contact(typed), server);
    expect_status(reply, 303, {"a good form is stored, and its sender redirected to /thankyou"},
                  where);
    return cookie_field(reply);
}

std::string attribute(std::string_view tag, std::string_view name) {
    for (std::size_t i = 0; (i = tag.find('=', i)) != std::string_view::npos; ++i) {
        std::size_t start = i;
        while (start > 0 && !is_space(tag[start - 1])) --start;
        char quote = i + 1 < tag.size() ? tag[i + 1] : '\0';
        bool quoted = quote == '"' || quote == '\'';
        std::size_t from = quoted ? i + 2 : i + 1;
        std::size_t to = quoted ? tag.find(quote, from) : tag.find_first_of(" \t\r\n>", from);
        to = std::min(to, tag.size());
        if (lower(tag.substr(start, i - start)) == name)
            return html_unescaped(tag.substr(from, to - from));
        i = to;
        if (i >= tag.size()) break;
    }
    return "";
}

std::string address_of_upload(const Exchange& reply, ServerProcess& server) {
    const std::string location = reply.reply.value("Location");
    if (reply.reply.status != 303 || location.starts_with("/uploads/")) return location;
    const std::string page = exchange(get(location), server).reply.body;
    const auto found = page.find("\"/uploads/");
    if (found == std::string::npos) return location;
    return page.substr(found + 1, page.find('"', found + 1) - found - 1);
}

Control control(std::string_view page, std::string_view name) {
    Control found;
    for (std::size_t at = 0; (at = page.find('<', at)) != std::string_view::npos; ++at) {
        std::size_t end = tag_end(page, at);
        std::string_view tag = page.substr(at, end - at);
        bool input = lower(tag.substr(0, 6)) == "<input";
        bool area = lower(tag.substr(0, 9)) == "<textarea";
        if ((!input && !area) || attribute(tag, "name") != name) continue;
        found = {true, attribute(tag, "value"), at, end};
        if (input) return found;
        std::size_t close = std::min(page.find("</textarea", end), page.size());
        std::string_view content = page.substr(end, close - end);
        if (content.starts_with('\n')) content.remove_prefix(1);  // as browsers do
        found.value = html_unescaped(content);
        found.end = tag_end(page, close);
        return found;
    }
    return found;
}

std::string visible_text(std::string_view html) {
    std::string text;
    for (std::size_t at = 0; at < html.size();) {
        std::size_t open = std::min(html.find('<', at), html.size());
        text += html.substr(at, open - at);
        at = open < html.size() ? tag_end(html, open) : open;
    }
    return html_unescaped(text);
}

void expect_shown_as_text(const Exchange& exchange, std::string_view text, const Reason& reason,
                          Where where) {
    if (text.find_first_of("&<>\"'") != std::string_view::npos)
        expect_not_in_reply(exchange, text, reason, where);
    expect(contains(visible_text(exchange.reply.body), text), exchange,
           "a page that shows, as text: " + visible(text),
           exchange.reply.complete() ? "a page that does not" : "", reason, where);
}
