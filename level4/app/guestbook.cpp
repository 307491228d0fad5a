// See guestbook.hpp. Everything that a visitor typed gets into a page by way of a template, which
// escapes it.
#include "app/guestbook.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/message_fields.hpp"
#include "body/form.hpp"
#include "number.hpp"
#include "session/cookie.hpp"
#include "url.hpp"

namespace {

constexpr std::size_t page_size = 20;
constexpr std::size_t most_shown = 16 * 1024;  // bytes of a field with a mistake

// The number of the page that the query asks for, counted from 1, or 0 if it isn't a number.
std::size_t page_number(const Request& request) {
    const std::string text = query_value(request.query, "page").value_or("1");
    return parse_number<std::size_t>(text).value_or(0);
}

// The field at the top of the form that has a mistake. The cursor is put there.
std::string first_mistake(const Json& mistakes) {
    for (const char* const field : {"name", "email", "message"}) {
        if (mistakes.find(field) != nullptr) return field;
    }
    return "";
}

// A page with the visitor's name on it. No cache may keep it.
Response personal(std::string page, int status = 200) {
    auto response = Response::html(std::move(page), status);
    response.headers.add_checked("Cache-Control", "no-store");
    return response;
}

}  // namespace

void Guestbook::add_routes(Router& router) {
    router.get("/contact", [this](const Request& request) { return show_form(request); });
    router.get("/thankyou", [this](const Request& request) { return show_thanks(request); });
    RouteGroup waits = router.in_worker();
    waits.post("/contact", [this](const Request& request) { return take_form(request); });
    // Reading can block as well, on a slow disk.
    waits.get("/messages", [this](const Request& request) { return show_messages(request); });
}

// A visitor who has signed before finds the name filled in.
Response Guestbook::show_form(const Request& request) {
    const Json values{{"title", "Sign the guestbook"},
                      {"at_contact", true},
                      {"name", session_of(request).get("name")}};
    return personal(templates_.render_template("contact.html", values));
}

Response Guestbook::take_form(const Request& request) {
    const auto* const type = request.headers.find("Content-Type");
    const Form form = parse_form(type != nullptr ? *type : "", request.body);
    const auto fields = tidy({form.get("name"), form.get("email"), form.get("message")});
    Json mistakes = find_mistakes(fields);
    for (const char* const name : {"name", "email", "message"}) {  // other fields are ignored
        if (std::count(form.not_utf8.begin(), form.not_utf8.end(), name) > 0)
            mistakes.set(name, "This is not valid UTF-8.");
    }

    if (!mistakes.as_object().empty()) {
        // The form again, with what was typed, so that it needn't be typed again. Not all of a text
        // that is far too long, because it would come back six times as long: " is &quot; then.
        const Json values{{"title", "Please check: sign the guestbook"},
                          {"at_contact", true},
                          {"name", fields.name.substr(0, most_shown)},
                          {"email", fields.email.substr(0, most_shown)},
                          {"message", fields.message.substr(0, most_shown)},
                          {"mistakes", mistakes},
                          {"focus_" + first_mistake(mistakes), true},
                          {"has_mistakes", true}};
        return personal(templates_.render_template("contact.html", values), 422);
    }
    const auto message = store_.add(fields.name, fields.email, fields.message, request.received);
    chat_.announce();

    // A redirect, because reloading a page that answers a POST would send the form again.
    auto response = Response::redirect("/thankyou");
    Session session = session_of(request);
    session.set("name", fields.name);
    session.take_flashes();  // meant for a thank-you page that was never loaded
    session.flash("Your message is number " + std::to_string(message.id) + ".");
    keep_session(session, response);
    return response;
}

Response Guestbook::show_thanks(const Request& request) {
    Session session = session_of(request);
    if (session.get("name").empty()) {  // there is nothing to thank for
        auto response = Response::redirect("/contact");
        response.headers.add("Cache-Control", "no-store");
        return response;
    }
    Json::Array news;  // shown once, and gone when the page is reloaded
    for (auto& flash : session.take_flashes()) news.push_back(std::move(flash));
    const Json values{
        {"title", "Thank you"}, {"name", session.get("name")}, {"news", std::move(news)}};
    auto response = personal(templates_.render_template("thankyou.html", values));
    keep_session(session, response);
    return response;
}

Response Guestbook::show_messages(const Request& request) {
    const std::size_t total = store_.total(request.received);
    const std::size_t pages = std::max<std::size_t>((total + page_size - 1) / page_size, 1);
    const std::size_t page = page_number(request);
    if (page == 0 || page > pages) return Response::error(404, "There is no such page.");

    Json::Array messages;
    for (const auto& message : store_.newest((page - 1) * page_size, page_size, request.received)) {
        messages.push_back(to_page_values(message));
    }
    Json values{{"title", page == 1 ? "Messages" : "Messages, page " + std::to_string(page)},
                {"at_messages", true},
                {"messages", std::move(messages)},
                {"any", total > 0},
                {"total", total},
                {"page", page},
                {"pages", pages}};
    if (page > 1) values.set("newer", page - 1);
    if (page < pages) values.set("older", page + 1);
    return Response::html(templates_.render_template("messages.html", values));
}

Session Guestbook::session_of(const Request& request) const {
    return find_session(request.headers, keys_, std::chrono::system_clock::now());
}

void Guestbook::keep_session(const Session& session, Response& response) const {
    if (!session.changed()) return;
    const auto cookie = seal_session(session, keys_, std::chrono::system_clock::now());
    response.headers.add("Set-Cookie", serialize_cookie(cookie));
    response.headers.set("Cache-Control", "no-store");
}
