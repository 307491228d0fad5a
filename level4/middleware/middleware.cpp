// See middleware.hpp.
#include "middleware/middleware.hpp"

#include <utility>

#include "handler.hpp"

Handler wrap(std::vector<Middleware> chain, Handler innermost) {
    // From the inside out: each layer becomes the `next` of the one around it.
    for (; !chain.empty(); chain.pop_back()) {
        // Whether `next` is called, and when, is the layer's decision.
        innermost = [layer = std::move(chain.back()), next = std::move(innermost)](
                        Request& request) { return layer(request, next); };
    }
    return innermost;
}
