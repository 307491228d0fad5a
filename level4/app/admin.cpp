// See admin.hpp.
#include "app/admin.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "app/disk.hpp"
#include "app/upload_store.hpp"

namespace {

constexpr std::size_t most_shown = 100;  // messages, and as many uploads

Response show_admin(MessageStore& store, TemplateFolder& templates,
                    const std::filesystem::path& uploads) {
    Json::Array messages;
    for (const auto& message : store.newest(0, most_shown))
        messages.push_back(to_page_values(message));
    std::vector<std::string> names = names_in(uploads);
    std::erase_if(names, [](const auto& name) { return !is_upload_name(name); });
    std::sort(names.begin(), names.end());
    names.resize(std::min(names.size(), most_shown));
    const Json values{{"title", "Admin"},
                      {"messages", std::move(messages)},
                      {"uploads", Json::Array(names.begin(), names.end())}};
    auto response = Response::html(templates.render_template("admin.html", values));
    response.headers.add("Cache-Control", "no-store");
    return response;
}

}  // namespace

void add_admin_pages(RouteGroup admin, MessageStore& store, TemplateFolder& templates,
                     const std::filesystem::path& uploads) {
    RouteGroup waits = admin.in_worker();
    waits.get("", [&store, &templates, uploads](const Request&) {
        return show_admin(store, templates, uploads);
    });
    waits.post("/messages/{id:int}/delete", [&store](const Request& request) {
        store.remove(std::stoll(request.params.at("id")), request.received);
        return Response::redirect("/admin");
    });
}
