// See upload_pages.hpp.
#include "app/upload_pages.hpp"

#include <cstdint>
#include <string>

#include "body/form.hpp"

namespace {

// 1 MiB, 500 KiB, or 1000 bytes.
std::string size_in_words(std::uint64_t bytes) {
    if (bytes > 0 && bytes % (1024 * 1024) == 0) return std::to_string(bytes >> 20) + " MiB";
    if (bytes > 0 && bytes % 1024 == 0) return std::to_string(bytes >> 10) + " KiB";
    return std::to_string(bytes) + " bytes";
}

Response show_form(const UploadSite& site, const std::string& mistake, int status) {
    const Json values{{"title", "Upload"},
                      {"at_upload", true},
                      {"limit", size_in_words(site.max_body)},
                      {"mistake", mistake}};
    return Response::html(site.templates.render_template("upload.html", values), status);
}

Response take_file(const Request& request, const UploadSite& site) {
    // Before the form is parsed, which makes a copy of the file.
    const auto place = site.store.wait_for_place(request.received + UploadStore::patience);
    const auto* const type = request.headers.find("Content-Type");
    const Form form = parse_form(type != nullptr ? *type : "", request.body);
    for (const auto& file : form.files) {
        if (file.name != "file") continue;
        const auto name = site.store.save(file.content);
        if (!name) return show_form(site, "Please choose a picture or a text file.", 415);
        return Response::redirect("/upload/" + *name);
    }
    return show_form(site, "Please choose a file.", 422);
}

// Where an upload ends: the file, and the way back.
Response show_saved(const Request& request, const UploadSite& site) {
    const std::string& name = request.params.at("name");
    if (!site.store.has(name)) return Response::error(404, "There is no such upload.");
    const Json values{
        {"title", "Uploaded"}, {"name", name}, {"is_picture", !name.ends_with(".txt")}};
    return Response::html(site.templates.render_template("uploaded.html", values));
}

// An upload is a stranger's file at our address, so the browser must not run anything in it. The
// type follows from the name that the store chose, and the sandbox holds even if that is wrong.
Response show_upload(const Request& request, StaticFiles& files) {
    const std::string& name = request.params.at("name");
    if (!is_upload_name(name)) return Response::error(404, "There is no such upload.");
    auto response = files.serve_file(request, name);
    if (!response.problem.empty()) return response;  // a page of ours, not the stranger's file
    // A browser puts a picture that is opened by itself into a page of its own, with styles.
    response.headers.set("Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    return response;
}

}  // namespace

void add_upload_pages(Router& router, const UploadSite& site) {
    router.get("/upload", [site](const Request&) { return show_form(site, "", 200); });
    RouteGroup waits = router.in_worker();
    waits.post("/upload", [site](const Request& request) { return take_file(request, site); });
    waits.get("/upload/{name}",
              [site](const Request& request) { return show_saved(request, site); });
    const auto on_disk = [&files = site.files](const Request& request) {
        return !files.is_in_memory(request.params.at("name"));
    };
    router.in_worker_if(on_disk).get(
        "/uploads/{name}",
        [&files = site.files](const Request& request) { return show_upload(request, files); });
}
