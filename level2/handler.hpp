// What a program on top of this server is: a function that turns a request into a response.
#pragma once

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include "../common/output.hpp"
#include "../common/trace.hpp"
#include "request.hpp"
#include "response.hpp"

// Called from many threads at once. It may throw HttpError for the client's mistakes; any other
// exception is the program's own mistake.
using Handler = std::function<Response(Request&)>;

// The client's mistake: `status` is the reply's, and what() explains it to a person.
struct HttpError : std::runtime_error {
    HttpError(int status_code, const std::string& explanation)
        : std::runtime_error(explanation), status(status_code) {}
    int status;
};

// The handler's response. If it throws, an error page: an HttpError has its own status, and any
// other exception becomes a 500.
inline Response call_handler(const Handler& handler, Request& request) {
    try {
        return handler(request);
    } catch (const HttpError& error) {
        return Response::error(error.status, error.what());
    } catch (const std::exception& error) {
        // Details are for the person who runs the server, not for the client.
        print_error(visible(request.line), error.what());
    } catch (...) {  // such as a number: throw 42 is legal
        print_error(visible(request.line), "threw something that isn't a std::exception");
    }
    return Response::error(500, "Something went wrong on the server.");
}
