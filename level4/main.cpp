// Level 4: a guestbook. This file is the program on top of the server: it puts the pieces together,
// and says which address shows what.
// Leaves out: TLS. Put a reverse proxy in front.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../common/output.hpp"
#include "app/admin.hpp"
#include "app/chat.hpp"
#include "app/guestbook.hpp"
#include "app/message_api.hpp"
#include "app/message_store.hpp"
#include "app/upload_pages.hpp"
#include "app/upload_store.hpp"
#include "engine/log_writer.hpp"
#include "handler.hpp"
#include "html.hpp"
#include "middleware/basic_auth.hpp"
#include "middleware/compress.hpp"
#include "middleware/cors.hpp"
#include "middleware/csrf.hpp"
#include "middleware/error_pages.hpp"
#include "middleware/middleware.hpp"
#include "middleware/rate_limit.hpp"
#include "middleware/request_id.hpp"
#include "middleware/timing.hpp"
#include "options.hpp"
#include "pages/template_folder.hpp"
#include "request.hpp"
#include "response.hpp"
#include "router.hpp"
#include "server.hpp"
#include "session/session.hpp"
#include "static_files.hpp"
#include "url.hpp"

namespace {

Response say_hello(const Request& request) {
    std::string name = query_value(request.query, "name").value_or("");
    if (name.empty()) name = "world";
    return Response::html(
        html_page("Hello", "<h1>Hello, " + escape(name) + "!</h1>\n<p><a href=\"/\">Home</a></p>"));
}

// The request as it was parsed: try it with curl, with a browser, and by hand.
Response show_echo(const Request& request) {
    std::string text = request.line + "\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
    text += "\n" + request.body;
    return Response::text(text);
}

Response show_user(const Request& request) {
    const std::string& id = request.params.at("id");  // a number: the route says so
    return Response::html(html_page(
        "User " + id, "<h1>User " + id +
                          "</h1>\n<p>The same as data: " + "<a href=\"/api/v1/users/" + id +
                          "\">/api/v1/users/" + id + "</a></p>\n<p><a href=\"/\">Home</a></p>"));
}

Response show_user_as_json(const Request& request) {
    // Not as it was typed: 007 is no number in JSON.
    const std::string id = std::to_string(std::stoll(request.params.at("id")));
    return Response::json("{\"id\":" + id + ",\"name\":\"User " + id + "\"}\n");
}

// The routes that level 3 has. Those of the guestbook stand with its parts, in app/: see main().
void add_routes(Router& router, StaticFiles& files) {
    const auto page = [&files](const std::string& name) {
        return [&files, name](const Request& request) { return files.serve_file(request, name); };
    };
    router.get("/", page("index.html"));
    router.get("/about", page("about.html"));
    router.get("/favicon.ico", page("favicon.ico"));
    router.get("/hello", say_hello);
    router.get("/echo", show_echo);
    router.post("/echo", show_echo);
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

// The keys that sign the session cookies.
std::vector<std::string> session_keys() {
    const char* const secret = std::getenv("SECRET_KEY");
    auto keys = parse_session_keys(secret != nullptr ? secret : "");
    if (keys.empty()) {
        std::cerr << "SECRET_KEY is not set: visitors are forgotten when the server stops.\n";
        keys.push_back(random_session_key());
    }
    return keys;
}

BasicAuthOptions admin_login() {
    const char* const user = std::getenv("ADMIN_USER");
    const char* const password = std::getenv("ADMIN_PASSWORD");
    if (user == nullptr || password == nullptr || *user == '\0' || *password == '\0') {
        std::cerr << "ADMIN_USER and ADMIN_PASSWORD are not set: nobody gets into /admin.\n";
        return {};
    }
    return {"Guestbook", user, password};
}

// What lies around the router, the outermost first. A request passes all of it on its way in, and
// the reply, also a 404, on its way out.
std::vector<Middleware> middleware(const Options& options) try {
    std::vector<Middleware> layers{compress(), error_pages};
    CsrfOptions trusted;
    if (!options.cors_origin.empty()) {
        CorsOptions readers;
        readers.allow_origins = {options.cors_origin};
        readers.path_prefix = "/api";
        layers.push_back(cors(readers));
        if (options.cors_origin != "*") trusted.trusted_origins = {options.cors_origin};
        trusted.trusted_prefix = "/api/";  // not to /admin, with the password that a browser adds
    }
    RateLimitOptions limit;
    limit.rate = parse_rate(options.rate_limit);
    // error_pages stands in two places here. Inside, so that a handler's exception is a reply
    // before it passes CORS and the rate limit, which add their fields to replies only. Outside, so
    // that their own refusals (403, 429) become JSON for the API, too.
    layers.insert(layers.end(), {rate_limit(limit), csrf(trusted), error_pages});
    if (!compression_available()) std::cerr << "Built without zlib: replies are not compressed.\n";
    return layers;
} catch (const std::invalid_argument& error) {  // a --rate-limit or a --cors-origin that is none
    throw UsageError(error.what());
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
    TemplateFolder templates(options.folder / "templates");
    MessageStore messages(options.data / "messages.jsonl");
    UploadStore uploads(options.data / "uploads");
    StaticFiles uploaded_files(options.data / "uploads");
    Chat chat(messages, templates);
    Guestbook guestbook(messages, chat, templates, session_keys());

    Router router;
    add_routes(router, files);
    guestbook.add_routes(router);
    chat.add_routes(router);
    RouteGroup api = router.group("/api");
    api.use(request_id());
    api.use(timing());
    api.use(error_pages);  // innermost, so that errors get the fields of the two, too
    add_message_api(api, messages, chat);
    add_upload_pages(router, uploads, uploaded_files, templates);
    RouteGroup admin = router.group("/admin");
    admin.use(basic_auth(admin_login()));
    add_admin_pages(admin, messages, templates, options.data / "uploads");

    const Handler route = [&router](Request& request) { return router.handle(request); };
    Program program{"Level 4", {"/", "/contact", "/chat"}, wrap(middleware(options), route)};
    program.limits.body = options.max_body;
    program.needs_worker = [&router](Request& request) { return router.is_blocking(request); };
    const LogWriter log_writer;
    serve(options, program);
    return 0;
} catch (const UsageError& error) {
    std::cerr << error.what() << '\n' << usage(argv[0]);
    return 2;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
