// The router is a tree. Each segment of a pattern leads one node further down, and a route hangs on
// the node where its pattern ends:
//
//     root -+- ""          GET /
//           +- "users" --- parameter   GET /users/{id:int}, PUT /users/{name}
//           '- "files" -+- ""          GET /files/
//                       '- wildcard    GET /files/*path
//
// So what a path costs depends on its segments, not on how many routes there are. Where the walk
// ends without a route that fits, it goes back and tries the next kind of segment. It still visits
// no node twice, because only one way leads to each.
#include "router.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "number.hpp"

namespace {

// Cuts off and returns the first segment. `path` begins with a slash, and so does what is left of
// it, if anything. (The slash stays, because /about and /about/ are two paths.)
std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

Segment parse_segment(std::string text) {
    if (text.starts_with('*')) return {Segment::wildcard, text.substr(1)};
    if (!text.starts_with('{') || !text.ends_with('}')) return {Segment::exact, text};
    text = text.substr(1, text.size() - 2);
    const bool number = text.ends_with(":int");
    if (number) text.resize(text.size() - 4);
    return {Segment::parameter, text, number};
}

std::vector<Segment> parse_pattern(std::string_view pattern) {
    const auto fail = [&](const std::string& why) {
        throw std::invalid_argument("The route " + std::string(pattern) + " " + why);
    };
    if (!pattern.starts_with('/')) fail("must begin with a slash.");
    std::vector<Segment> segments;
    for (std::string_view rest = pattern; !rest.empty();) {
        const Segment segment = parse_segment(std::string(next_segment(rest)));
        if (segment.kind == Segment::wildcard && !rest.empty()) fail("must end with its wildcard.");
        if (segment.text.find_first_of("{}:*") != std::string::npos ||
            (segment.text.empty() && segment.kind != Segment::exact)) {
            fail("has a segment that is neither text, nor {name}, nor {name:int}, nor *name.");
        }
        segments.push_back(segment);
    }
    return segments;
}

// Digits only, such as 0, 7 and 42, for a number that std::int64_t can hold.
bool is_number(std::string_view text) {
    return !text.starts_with('-') && parse_number<std::int64_t>(text).has_value();
}

// Is {id:int} a number wherever the route says so?
bool values_fit(const Route& route, const std::vector<std::string_view>& values) {
    return std::equal(values.begin(), values.end(), route.parameters.begin(),
                      [](std::string_view value, const Segment& parameter) {
                          return !parameter.number || is_number(value);
                      });
}

// Does a route of this method answer a request of that one? HEAD is answered as GET; the Connection
// leaves out the body (RFC 9110 §9.3.2).
bool method_matches(std::string_view route, std::string_view request) {
    return route == request || route == "*" || (route == "GET" && request == "HEAD");
}

// The answer to a head that no middleware has refused (RFC 9110 §10.1.1).
Response ask_for_body(const Request&) {
    return {100, {}, ""};
}

Response answer_head(const Route& route, Request& request) {
    return route.on_head ? route.on_head(request) : ask_for_body(request);
}

// The value of Allow, given the methods of the routes for a path.
std::string allowed_methods(const std::vector<std::string_view>& routes) {
    std::string list;
    for (const std::string_view method : known_methods) {
        const bool known = std::any_of(routes.begin(), routes.end(), [&](std::string_view route) {
            return method_matches(route, method);
        });
        if (!known && method != "OPTIONS") continue;
        if (!list.empty()) list += ", ";
        list += method;
    }
    return list;
}

}  // namespace

RouteGroup RouteGroup::group(std::string_view prefix) const {
    RouteGroup inner = *this;
    inner.prefix_ += prefix;
    return inner;
}

RouteGroup RouteGroup::in_worker() const {
    return in_worker_if([](const Request&) { return true; });
}

RouteGroup RouteGroup::in_worker_if(WaitTest waits) const {
    RouteGroup inner = *this;
    inner.waits_ = std::move(waits);
    return inner;
}

void RouteGroup::add(std::string_view method, std::string_view pattern, const Handler& handler) {
    router_.add({.method = std::string(method),
                 .pattern = prefix_ + std::string(pattern),
                 .handler = wrap(middleware_, handler),
                 .waits = waits_,
                 .on_head = wrap(middleware_, ask_for_body)});
}

void Router::add(Route route) {
    Node* node = &root_;
    for (const Segment& segment : parse_pattern(route.pattern)) {
        auto& child = segment.kind == Segment::exact       ? node->exact[segment.text]
                      : segment.kind == Segment::parameter ? node->parameter
                                                           : node->wildcard;
        if (!child) child = std::make_unique<Node>();
        node = child.get();
        if (segment.kind != Segment::exact) route.parameters.push_back(segment);
    }
    for (const Route* const other : node->routes) {
        if (other->method != route.method) continue;
        throw std::invalid_argument("Two routes match the same path: " + other->method + " " +
                                    other->pattern + " and " + route.method + " " + route.pattern);
    }
    const bool any = route.method == "*";
    routes_.push_back(std::move(route));
    node->routes.insert(any ? node->routes.end() : node->routes.begin(), &routes_.back());
}

Response Router::handle(Request& request) const {
    if (!request.refusal.empty()) return Response::error(503, request.refusal);
    Walk walk{request.method};
    // Reset, so that a router which the handler asks looks for its own route.
    const Route* const known = std::exchange(request.route, nullptr);
    const Route* const route = known != nullptr ? known : find(request, walk);
    if (route != nullptr && request.head_only) return answer_head(*route, request);
    if (route != nullptr) return route->handler(request);

    if (request.path == "*") {  // OPTIONS *: the server as a whole
        for (const auto& each : routes_) walk.others.push_back(each.method);
    } else if (walk.others.empty()) {
        return Response::error(404, "There is no page at " + request.path);
    }
    // RFC 9110 §9.3.7 and §15.5.6: both replies list the methods that there are.
    const bool asked = request.method == "OPTIONS";
    auto response =
        asked ? Response{204, {}, ""}
              : Response::error(405, "This page does not support " + request.method + ".");
    response.headers.add("Allow", allowed_methods(walk.others));
    return response;
}

bool Router::needs_worker(Request& request) const {
    Walk walk{request.method};
    request.route = find(request, walk);
    const Route* const route = request.route;
    return route != nullptr && route->waits && route->waits(request);
}

// The best route for the request, which gets its parameters; nullptr if there is none. The walk
// receives the methods of the routes that match the path, but not the method.
const Route* Router::find(Request& request, Walk& walk) const {
    request.params.clear();
    if (!request.path.starts_with('/')) return nullptr;
    const Route* const route = find_below(root_, request.path, walk);
    for (std::size_t i = 0; i < walk.values.size(); ++i) {
        request.params[route->parameters[i].text] = walk.values[i];
    }
    return route;
}

// The best route among those below the node, for the rest of a path. Leaves the values of its
// parameters in the walk. If there is no such route, the walk has the values that it had before.
const Route* Router::find_below(const Node& node, std::string_view path, Walk& walk) {
    if (path.empty()) return choose(node, walk);
    std::string_view rest = path;
    const std::string_view segment = next_segment(rest);

    const auto exact = node.exact.find(segment);
    if (exact != node.exact.end()) {
        if (const Route* const route = find_below(*exact->second, rest, walk)) return route;
    }
    if (node.parameter && !segment.empty()) {
        walk.values.push_back(segment);
        if (const Route* const route = find_below(*node.parameter, rest, walk)) return route;
        walk.values.pop_back();
    }
    if (node.wildcard) {
        walk.values.push_back(path.substr(1));
        if (const Route* const route = choose(*node.wildcard, walk)) return route;
        walk.values.pop_back();
    }
    return nullptr;
}

// The route of this node that answers, if one does.
const Route* Router::choose(const Node& node, Walk& walk) {
    for (const Route* const route : node.routes) {
        if (!values_fit(*route, walk.values)) continue;
        if (method_matches(route->method, walk.method)) return route;
        walk.others.push_back(route->method);
    }
    return nullptr;
}
