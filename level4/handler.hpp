// What a program on top of this server is: a function that turns a request into a response.
#pragma once

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../common/output.hpp"
#include "../common/trace.hpp"
#include "request.hpp"
#include "response.hpp"

// Called from many threads at once. It may throw HttpError for the client's mistakes; any other
// exception is the program's own mistake. If a request has a `refusal`, the answer must be 503
// with these words. The router sees to that.
using Handler = std::function<Response(Request&)>;

// Middleware: code around the handlers, for what concerns many of them and belongs to none. It gets
// the request and `next`, which stands for everything further in: more middleware, then the router.
// It may change the request, call `next` or refuse to, and change the reply. So it sees every reply
// to a request, the router's 404 and 405 as well as the pages. It doesn't see replies to bytes that
// never became a request, such as 400, 408 and 431, because those are the Connection's. Like every
// handler it is called from many threads at once: one that remembers things needs a lock. If it
// changes method or path, it has to set request.route to nullptr: see request.hpp.
// Leaves out: asynchronous middleware. One that waits holds up its thread.
using Next = Handler;
using Middleware = std::function<Response(Request&, const Next&)>;

// The client's mistake: `status` is the reply's, and what() explains it to a person.
struct HttpError : std::runtime_error {
    HttpError(int status_code, const std::string& explanation, std::string accepted = "")
        : std::runtime_error(explanation), status(status_code), accept(std::move(accepted)) {}
    int status;
    std::string accept;  // the media types that are taken, if this is a 415 (RFC 9110 §15.5.16)
};

// The handler's response. If it throws, an error page: an HttpError has its own status, and any
// other exception becomes a 500.
inline Response call_handler(const Handler& handler, Request& request) {
    try {
        return handler(request);
    } catch (const HttpError& error) {
        Response response = Response::error(error.status, error.what());
        if (!error.accept.empty()) response.headers.add("Accept", error.accept);
        return response;
    } catch (const std::exception& error) {
        // Details are for the person who runs the server, not for the client.
        print_error(visible(request.line), error.what());
    } catch (...) {  // such as a number: throw 42 is legal
        print_error(visible(request.line), "threw something that isn't a std::exception");
    }
    return Response::error(500, "Something went wrong on the server.");
}

// The layers of an onion as one handler. The first of the chain is the outermost, so it is the
// first to see a request and the last to see the reply.
inline Handler wrap(std::vector<Middleware> chain, Handler innermost) {
    // From the inside out: each layer becomes the `next` of the one around it.
    for (; !chain.empty(); chain.pop_back()) {
        // Whether and when `next` is called is the layer's decision.
        innermost = [layer = std::move(chain.back()), next = std::move(innermost)](
                        Request& request) { return layer(request, next); };
    }
    return innermost;
}
