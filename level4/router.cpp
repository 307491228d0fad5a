// The router: a list of routes, kept in the order of their rank, so that the first one that matches
// is the best one. For the few dozen routes of a site a walk along a list is as fast as a tree, and
// there is less to understand.
#include "router.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "handler.hpp"
#include "websocket/handshake.hpp"

namespace {

// Cuts off and returns what stands before the next slash. `rest` begins with a slash.
std::string_view next_segment(std::string_view& rest) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    return segment;
}

// 0, 7 and 42: no sign, and not so many digits that 64 bits could not hold it.
bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 18 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Does a route of this method answer a request of that one? HEAD is answered as GET; the Connection
// leaves out the body (RFC 9110 §9.3.2).
bool method_matches(std::string_view route, std::string_view request) {
    return route == request || route == "*" || (route == "GET" && request == "HEAD");
}

}  // namespace

void RouteGroup::get(std::string_view pattern, Handler handler) {
    add("GET", pattern, std::move(handler));
}
void RouteGroup::post(std::string_view pattern, Handler handler) {
    add("POST", pattern, std::move(handler));
}
void RouteGroup::put(std::string_view pattern, Handler handler) {
    add("PUT", pattern, std::move(handler));
}
void RouteGroup::patch(std::string_view pattern, Handler handler) {
    add("PATCH", pattern, std::move(handler));
}
void RouteGroup::del(std::string_view pattern, Handler handler) {
    add("DELETE", pattern, std::move(handler));
}
void RouteGroup::any(std::string_view pattern, Handler handler) {
    add("*", pattern, std::move(handler));
}

// A GET like any other: middleware sees it, and may refuse it.
void RouteGroup::websocket(std::string_view pattern, WebSocketHandlers handlers) {
    get(pattern, [handlers = std::move(handlers)](const Request& request) {
        Response response = accept_websocket(request);
        if (response.status == 101) response.protocol = std::make_shared<WebSocket>(handlers);
        return response;
    });
}

RouteGroup RouteGroup::group(std::string_view prefix) {
    RouteGroup inner{router_, prefix_ + std::string(prefix)};
    inner.middleware_ = middleware_;  // a copy: what is added here later is not for the inner one
    return inner;
}

// A std::function hides what is in it, but target<T>() tells whether that is a T: so "blocking" is
// a type around the handler, and needs no further parameter. wrap() hides it once more, so the mark
// is taken off before and put on again after.
void RouteGroup::add(std::string_view method, std::string_view pattern, Handler handler) {
    if (!middleware_.empty()) {
        const bool is_blocking = handler.target<Blocking>() != nullptr;
        handler = wrap(middleware_, std::move(handler));
        if (is_blocking) handler = blocking(std::move(handler));
    }
    router_.add(method, prefix_ + std::string(pattern), std::move(handler));
}

void Router::add(std::string_view method, const std::string& pattern, Handler handler) {
    Route route{std::string(method), pattern, parse(pattern), std::move(handler)};
    route.blocking = route.handler.target<Blocking>() != nullptr;
    if (route.blocking) blocking_methods_.insert(route.method);
    for (const auto& other : routes_) {
        if (conflict(route, other)) {
            throw std::invalid_argument("Two routes match the same path: " + other.method + " " +
                                        other.pattern + " and " + route.method + " " +
                                        route.pattern);
        }
    }
    routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), route, better),
                   std::move(route));
}

Response Router::handle(Request& request) const {
    bool path_exists = false;
    for (const auto& route : routes_) {
        if (!matches(route, request.path)) continue;
        path_exists = true;
        if (!method_matches(route.method, request.method)) continue;
        fill_params(route, request);
        return route.handler(request);
    }
    if (request.path == "*") path_exists = true;  // OPTIONS *: the server as a whole
    if (!path_exists) return Response::error(404, "There is no page at " + request.path);

    // RFC 9110 §9.3.7 and §15.5.6: both tell which methods there are.
    const bool asked = request.method == "OPTIONS";
    auto response = asked ? Response{204, {}, ""}
                          : Response::error(405, "This page does not know " + request.method + ".");
    response.headers.add("Allow", allowed_methods(request.path));
    return response;
}

bool Router::is_blocking(const Request& request) const {
    // Most requests need no walk along the list: no route for their method waits.
    const auto fits = [&](const std::string& method) {
        return method_matches(method, request.method);
    };
    if (std::none_of(blocking_methods_.begin(), blocking_methods_.end(), fits)) return false;
    for (const auto& route : routes_) {
        if (method_matches(route.method, request.method) && matches(route, request.path)) {
            return route.blocking;
        }
    }
    return false;
}

std::vector<Router::Segment> Router::parse(const std::string& pattern) {
    const auto fail = [&](const std::string& why) {
        throw std::invalid_argument("The route " + pattern + " " + why);
    };
    if (!pattern.starts_with('/')) fail("must begin with a slash.");
    std::vector<Segment> segments;
    for (std::string_view rest = pattern; !rest.empty();) {
        std::string_view text = next_segment(rest);
        if (text.starts_with('*')) {
            if (!rest.empty()) fail("has something behind its wildcard.");
            segments.push_back({Kind::wildcard, std::string(text.substr(1)), false});
        } else if (text.starts_with('{') && text.ends_with('}')) {
            text = text.substr(1, text.size() - 2);
            const bool number = text.ends_with(":int");
            if (number) text.remove_suffix(4);
            segments.push_back({Kind::parameter, std::string(text), number});
        } else {
            segments.push_back({Kind::exact, std::string(text), false});
        }
        if (segments.back().text.find_first_of("{}:*") != std::string::npos ||
            (segments.back().text.empty() && segments.back().kind != Kind::exact)) {
            fail("has a segment that is neither text, nor {name}, nor {name:int}, nor *name.");
        }
    }
    return segments;
}

// Compares the kinds of their segments from left to right. Of two routes alike, the one for a
// method goes before the one for any, and an earlier one before a later one.
bool Router::better(const Route& left, const Route& right) {
    const auto by_kind = [](const Segment& a, const Segment& b) { return a.kind < b.kind; };
    const auto goes_before = [&](const Route& a, const Route& b) {
        return std::lexicographical_compare(a.segments.begin(), a.segments.end(),
                                            b.segments.begin(), b.segments.end(), by_kind);
    };
    if (goes_before(left, right)) return true;
    return !goes_before(right, left) && left.method != "*" && right.method == "*";
}

// Equal in rank for every segment, and no segment that keeps their paths apart.
bool Router::conflict(const Route& left, const Route& right) {
    return left.method == right.method &&
           std::equal(left.segments.begin(), left.segments.end(), right.segments.begin(),
                      right.segments.end(), [](const Segment& a, const Segment& b) {
                          return a.kind == b.kind && (a.kind != Kind::exact || a.text == b.text);
                      });
}

bool Router::matches(const Route& route, std::string_view path) {
    for (const auto& segment : route.segments) {
        if (!path.starts_with('/')) return false;
        if (segment.kind == Kind::wildcard) return true;  // also nothing: /files/ fits /files/*path
        const std::string_view text = next_segment(path);
        const bool fits = segment.kind == Kind::exact ? text == segment.text
                          : segment.number            ? is_number(text)
                                                      : !text.empty();
        if (!fits) return false;
    }
    return path.empty();
}

void Router::fill_params(const Route& route, Request& request) {
    std::string_view path = request.path;
    for (const auto& segment : route.segments) {
        if (segment.kind == Kind::wildcard) {
            request.params[segment.text] = path.substr(1);
            return;
        }
        const std::string_view text = next_segment(path);
        if (segment.kind == Kind::parameter) request.params[segment.text] = text;
    }
}

std::string Router::allowed_methods(std::string_view path) const {
    std::string list;
    for (const std::string_view method : known_methods) {
        const bool known = std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) {
            return (path == "*" || matches(route, path)) && method_matches(route.method, method);
        });
        if (!known && method != "OPTIONS") continue;
        if (!list.empty()) list += ", ";
        list += method;
    }
    return list;
}
