// Level 3: a site of pages, files and addresses with parameters. This file is the program on top of
// the server: the routes, and what each of them shows.
// Leaves out: bodies, forms, templates (level 4).
#include <exception>
#include <iostream>
#include <string>

#include "../common/output.hpp"
#include "html.hpp"
#include "options.hpp"
#include "request.hpp"
#include "response.hpp"
#include "router.hpp"
#include "server.hpp"
#include "static_files.hpp"
#include "text.hpp"
#include "url.hpp"

namespace {

Response say_hello(const Request& request) {
    std::string name = query_value(request.query, "name").value_or("");
    if (name.empty()) name = "world";
    return Response::html(html_page(
        "Hello", concat({"<h1>Hello, ", escape(name), "!</h1>\n", shown_request(request.line),
                         "<p>Try next: <a href=\"/hello?name=Grace\">another name</a>, or one of "
                         "your own in the address bar.</p>"})));
}

// The request as it was parsed: try it with curl, with a browser, and by hand.
Response show_echo(const Request& request) {
    std::string text = request.line + "\n";
    for (const auto& [name, value] : request.headers) append(text, {name, ": ", value, "\n"});
    auto response = Response::text(text);
    response.headers.add("Cache-Control", "no-store");  // there may be a cookie in it
    return response;
}

Response show_user(const Request& request) {
    const std::string& id = request.params.at("id");  // a number, or this route wouldn't match
    const std::string title = "User " + id;
    return Response::html(html_page(
        title,
        concat({"<h1>", title, "</h1>\n", shown_request(request.line),
                "<p>The same as data: <a href=\"/api/v1/users/", id, "\">/api/v1/users/", id,
                "</a></p>\n<p>Try next: <a href=\"/users/7\">another number</a>, or "
                "<a href=\"/users/Ada\">a name</a>, which this route does not match.</p>"})));
}

Response show_user_as_json(const Request& request) {
    // Not as it was typed, because 007 isn't a number in JSON.
    const std::string id = std::to_string(std::stoll(request.params.at("id")));
    return Response::json("{\"id\":" + id + ",\"name\":\"User " + id + "\"}\n");
}

// The routes: everything that the site has, in one place.
void add_routes(Router& router, StaticFiles& files) {
    const auto page = [&files](const std::string& name) {
        return [&files, name](const Request& request) { return files.serve_file(request, name); };
    };
    router.get("/", page("index.html"));
    router.get("/about", page("about.html"));
    router.get("/favicon.ico", page("favicon.ico"));
    router.get("/hello", say_hello);
    router.get("/echo", show_echo);
    router.get("/users/{id:int}", show_user);
    router.get("/static", page("static"));
    router.get("/static/*path", [&files](const Request& request) {
        return files.serve_file(request, "static/" + request.params.at("path"));
    });
    router.get("/files", page("files"));
    router.get("/files/*path", [&files](const Request& request) {
        return files.serve_file(request, "files/" + request.params.at("path"));
    });
    RouteGroup api = router.group("/api/v1");
    api.get("/users/{id:int}", show_user_as_json);
}

}  // namespace

int main(int argc, char** argv) try {
    open_standard_streams();
    const Options options = parse_options(argc, argv);
    if (options.help) {
        std::cout << help(options.program);
        return 0;
    }
    StaticFiles files(options.folder / "public");
    Router router;
    add_routes(router, files);
    const auto handle_request = [&router](Request& request) { return router.handle(request); };
    serve(options, {"Level 3", {"/", "/users/42", "/files/"}, handle_request});
} catch (const UsageError& error) {
    std::cerr << error.what() << '\n' << usage(argv[0]);
    return 2;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
