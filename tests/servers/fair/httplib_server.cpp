// The pages of level 2 on top of cpp-httplib, which parses the requests and writes the replies:
// what it gets right must not be judged wrong. Leaves out: /echo, and being strict about requests.
#include <httplib.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

httplib::Server server;

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            case '\'': result += "&#39;"; break;
            default: result += c;
        }
    }
    return result;
}

void send(httplib::Response& reply, const std::string& text, const char* type = "text/html") {
    reply.set_content(text, std::string(type) + "; charset=utf-8");
}

void on_stop_signal(int number) {
    std::signal(number, SIG_DFL);
    server.stop();
}

std::string date() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

}  // namespace

int main(int argc, char** argv) {
    server.new_task_queue = [] { return new httplib::ThreadPool(256); };
    server.set_keep_alive_max_count(1);  // level 2 closes after each reply
    server.set_read_timeout(10);
    server.set_tcp_nodelay(true);
    server.Get("/", [](const auto&, auto& reply) { send(reply, "<h1>Hello, world!</h1>"); });
    server.Get("/about", [](const auto&, auto& reply) { send(reply, "<h1>About</h1>"); });
    server.Get("/hello", [](const auto& request, auto& reply) {
        const std::string name = request.get_param_value("name");
        send(reply, "<h1>Hello, " + escaped(name.empty() ? "world" : name) + "!</h1>");
    });
    server.set_error_handler([](const auto&, auto& reply) {
        send(reply, "<h1>" + std::to_string(reply.status) + "</h1>");
    });
    server.set_post_routing_handler([](const auto&, auto& reply) {
        reply.set_header("Date", date());
        reply.set_header("X-Content-Type-Options", "nosniff");
    });
    const int port = argc > 1 ? std::atoi(argv[1]) : 9000;
    server.set_socket_options([](auto socket) {
        const int yes = 1;  // not SO_REUSEPORT, with which two servers could share a port
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    if (!server.bind_to_port("127.0.0.1", port)) {
        std::fprintf(stderr, "Port %d is in use\n", port);
        return 1;
    }
    for (const int number : {SIGTERM, SIGINT}) std::signal(number, on_stop_signal);
    return server.listen_after_bind() ? 0 : 1;
}
