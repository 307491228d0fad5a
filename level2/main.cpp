// Level 2: a server that understands requests, and serves many clients at once. This file is the
// program on top of it, which says what each address shows.
// Leaves out: a router, files, keep-alive (level 3); bodies, forms, templates (level 4).
#include <exception>
#include <iostream>
#include <string>

#include "../common/output.hpp"
#include "html.hpp"
#include "options.hpp"
#include "request.hpp"
#include "response.hpp"
#include "server.hpp"
#include "text.hpp"
#include "url.hpp"

namespace {

Response show_home() {
    return Response::html(html_page("Hello", R"(<h1>Hello, world!</h1>
<p>This page comes from a server that you can read.</p>
<ul>
<li><a href="/about">What is this?</a></li>
<li><a href="/hello?name=Ada">A greeting for Ada</a></li>
<li><a href="/echo">Your request, as the server understood it</a></li>
</ul>)"));
}

Response show_about() {
    return Response::html(html_page("About", R"(<h1>About</h1>
<p>Level 2 of an HTTP server from scratch: a parser, and a thread for each client.</p>)"));
}

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

Response handle_request(Request& request) {
    if (request.method != "GET" && request.method != "HEAD") {
        Response response = Response::error(405, "These pages can only be read.");
        response.headers.add("Allow", "GET, HEAD");
        return response;
    }
    if (request.path == "/") return show_home();
    if (request.path == "/about") return show_about();
    if (request.path == "/hello") return say_hello(request);
    if (request.path == "/echo") return show_echo(request);
    return Response::error(404, "There is no page at " + request.path);
}

}  // namespace

int main(int argc, char** argv) try {
    open_standard_streams();
    const Options options = parse_options(argc, argv);
    if (options.help) {
        std::cout << help(options.program);
        return 0;
    }
    serve(options, {"Level 2", {"/", "/hello?name=Ada", "/echo"}, handle_request});
} catch (const UsageError& error) {
    std::cerr << error.what() << '\n' << usage(argv[0]);
    return 2;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
