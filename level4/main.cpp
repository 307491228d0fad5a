// Level 4: a guestbook. This file is the program on top of the server: level 3's routes, and what
// each of them shows. The guestbook itself is in app/site.hpp.
// Leaves out: TLS. Put a reverse proxy in front.
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>

#include "../common/output.hpp"
#include "app/site.hpp"
#include "body/body_budget.hpp"
#include "engine/log_writer.hpp"
#include "handler.hpp"
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
    text += "\n" + request.body;
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

// The routes that level 3 has. The guestbook's are added by its parts, in app/.
void add_routes(Router& router, StaticFiles& files) {
    // A file that is in memory is sent at once; a worker looks on the disk, which may be slow.
    using NameOf = std::function<std::string(const Request&)>;
    const auto get_file = [&](std::string_view pattern, const NameOf& name) {
        const auto on_disk = [&files, name](const Request& request) {
            return !files.is_in_memory(name(request));
        };
        router.in_worker_if(on_disk).get(pattern, [&files, name](const Request& request) {
            return files.serve_file(request, name(request));
        });
    };
    const auto page = [](const std::string& name) {
        return [name](const Request&) { return name; };
    };
    get_file("/", page("index.html"));
    get_file("/about", page("about.html"));
    get_file("/favicon.ico", page("favicon.ico"));
    router.get("/hello", say_hello);
    router.get("/echo", show_echo);
    router.post("/echo", show_echo);
    router.get("/users/{id:int}", show_user);
    get_file("/static", page("static"));
    get_file("/static/*path",
             [](const Request& request) { return "static/" + request.params.at("path"); });
    get_file("/files", page("files"));
    get_file("/files/*path",
             [](const Request& request) { return "files/" + request.params.at("path"); });
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
    const LogWriter log_writer;  // before there are threads that print
    StaticFiles files(options.folder / "public");
    BodyBudget bodies(BodyBudget::for_bodies_of(options.max_body));
    Site site(options, bodies);
    Router router;
    add_routes(router, files);
    site.add_routes(router);
    const auto handle_request = [&router](Request& request) { return router.handle(request); };
    Program program{"Level 4", {"/", "/contact", "/chat"}, wrap(site.middleware(), handle_request)};
    if (options.wire) program.addresses.emplace_back("/wire");
    program.limits.body = options.max_body;
    program.limits.bodies = &bodies;
    program.needs_worker = [&router](Request& request) { return router.needs_worker(request); };
    serve(options, program);
} catch (const UsageError& error) {
    std::cerr << error.what() << '\n' << usage(argv[0]);
    return 2;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
