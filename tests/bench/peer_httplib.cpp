// A peer for the benchmark: cpp-httplib as its documentation shows it, but with enough threads for
// all clients and without its limit on requests per connection, so that neither holds it back.
#include <httplib.h>

#include <cstdlib>

int main(int argc, char** argv) {
    httplib::Server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(256); };
    server.set_keep_alive_max_count(1'000'000);
    server.set_tcp_nodelay(true);
    server.Get("/hello", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("Hello, world!", "text/plain");
    });
    server.set_mount_point("/files", argc > 2 ? argv[2] : ".");
    return server.listen("127.0.0.1", std::atoi(argv[1])) ? 0 : 1;
}
