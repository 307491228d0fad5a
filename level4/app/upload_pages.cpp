// See upload_pages.hpp.
#include "app/upload_pages.hpp"

#include <string>

#include "body/form.hpp"

namespace {

Response show_form(TemplateFolder& templates, const std::string& mistake, int status) {
    const Json values{{"title", "Upload"}, {"at_upload", true}, {"mistake", mistake}};
    return Response::html(templates.render_template("upload.html", values), status);
}

Response take_file(const Request& request, UploadStore& store, TemplateFolder& templates) {
    const auto* const type = request.headers.find("Content-Type");
    const Form form = parse_form(type != nullptr ? *type : "", request.body);
    for (const auto& file : form.files) {
        if (file.name != "file") continue;
        const auto name = store.save(file.content);
        if (!name) return show_form(templates, "This file is neither a picture nor a text.", 415);
        return Response::redirect("/uploads/" + *name);
    }
    return show_form(templates, "Please choose a file.", 422);
}

// An upload is a stranger's file at our address, so the browser must not run anything in it. The
// type follows from the name that the store chose, and the sandbox holds even if that is wrong.
Response show_upload(const Request& request, StaticFiles& files) {
    const std::string& name = request.params.at("name");
    if (!is_upload_name(name)) return Response::error(404, "There is no such upload.");
    auto response = files.serve_file(request, name);
    // A browser puts a picture that is opened by itself into a page of its own, with styles.
    response.headers.set("Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    return response;
}

}  // namespace

void add_upload_pages(Router& router, UploadStore& store, StaticFiles& files,
                      TemplateFolder& templates) {
    router.get("/upload", [&templates](const Request&) { return show_form(templates, "", 200); });
    router.in_worker().post("/upload", [&store, &templates](const Request& request) {
        return take_file(request, store, templates);
    });
    const auto on_disk = [&files](const Request& request) {
        return !files.is_in_memory(request.params.at("name"));
    };
    router.in_worker_if(on_disk).get("/uploads/{name}", [&files](const Request& request) {
        return show_upload(request, files);
    });
}
