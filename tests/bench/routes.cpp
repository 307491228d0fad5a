// What the router alone takes for a request, in microseconds, when there are so many routes.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "router.hpp"

int main(int argc, char** argv) {
    const int count = argc == 2 ? std::atoi(argv[1]) : 0;
    Router router;
    for (int i = 0; i < count; ++i) {
        router.get("/pages/" + std::to_string(i) + "/{id:int}", [](Request&) {
            return Response{204, {}, ""};
        });
    }
    Request request;
    request.method = "GET";
    request.path = "/pages/" + std::to_string(count - 1) + "/42";
    constexpr int calls = 200'000;
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
        if (router.handle(request).status != 204) return 1;
    }
    const std::chrono::duration<double, std::micro> took =
        std::chrono::steady_clock::now() - started;
    std::printf("%.2f\n", took.count() / calls);
}
