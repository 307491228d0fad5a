// Which handler answers which path. A pattern is a path in which a segment may be a parameter:
//     /about              this path and no other
//     /users/{id}         any segment but an empty one; request.params.at("id") holds it
//     /users/{id:int}     the same, but only a whole number
//     /files/*path        the rest of the path, slashes and all; it may be empty
// An exact segment goes before a parameter, and a parameter before a wildcard. A route that has
// another method, or whose {id:int} isn't a number, is passed over for the next best one. Every GET
// route also answers HEAD, every path answers OPTIONS, and a path that has only other methods is
// 405.
// Leaves out: routing by host name, and regular expressions.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "handler.hpp"
#include "request.hpp"
#include "response.hpp"

class Router;

// Adds routes below a prefix.
class RouteGroup {
  public:
    RouteGroup(Router& router, std::string prefix) : router_(router), prefix_(std::move(prefix)) {}

    void get(std::string_view pattern, const Handler& handler) { add("GET", pattern, handler); }
    void post(std::string_view pattern, const Handler& handler) { add("POST", pattern, handler); }
    void put(std::string_view pattern, const Handler& handler) { add("PUT", pattern, handler); }
    void patch(std::string_view pattern, const Handler& handler) { add("PATCH", pattern, handler); }
    // "delete" is a keyword of C++.
    void del(std::string_view pattern, const Handler& handler) { add("DELETE", pattern, handler); }
    // Every method that has no route of its own.
    void any(std::string_view pattern, const Handler& handler) { add("*", pattern, handler); }

    // A middleware around the handlers that are added from now on, to this group or to one made of
    // it. One that is to see every reply, 404s included, belongs around the router: see wrap().
    void use(Middleware middleware) { middleware_.push_back(std::move(middleware)); }

    // group("/api").group("/v1").get("/users", ...) answers /api/v1/users.
    RouteGroup group(std::string_view prefix) const;

    // The same group for handlers that have to wait, for a disk say. An event loop has a worker
    // call them and serves other clients in the meantime; a client's own thread just waits.
    RouteGroup in_worker() const;

    // The same group for handlers that have to wait only for some requests: those for which the
    // test is true. It may use request.params.
    using WaitTest = std::function<bool(const Request&)>;
    RouteGroup in_worker_if(WaitTest waits) const;

  private:
    void add(std::string_view method, std::string_view pattern, const Handler& handler);

    Router& router_;
    std::string prefix_;
    std::vector<Middleware> middleware_;
    WaitTest waits_;
};

// A segment of a pattern.
struct Segment {
    enum Kind { exact, parameter, wildcard } kind;
    std::string text;     // the segment itself, or the parameter's name
    bool number = false;  // {id:int}
};

// One pattern, and the handler that answers there. The names of its parameters are the route's own:
// GET /users/{id:int} and PUT /users/{name} may stand side by side.
struct Route {
    std::string method;  // "*" for any
    std::string pattern;
    Handler handler;
    std::vector<Segment> parameters = {};  // in the order of the pattern, filled in by the router
    RouteGroup::WaitTest waits = {};       // for which requests it needs a worker; empty: for none
    Handler on_head = {};  // in place of the handler while the body hasn't come; empty: 100
};

class Router : public RouteGroup {
  public:
    // A router is itself a group, the one without a prefix. (The base class keeps the reference,
    // but doesn't use it before the router is complete.)
    Router() : RouteGroup(*this, "") {}
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Throws std::invalid_argument if the pattern is malformed, or if an earlier route of the same
    // method would match the same paths with equal rank; the message names both. That is meant to
    // end the program at its start, not to surprise it later.
    void add(Route route);

    // Calls the handler of the best route, or answers with 404 or 405. May be called from many
    // threads at once, as long as no routes are added.
    Response handle(Request& request) const;

    // Does the route that answers run in a worker? The route is remembered in the request, so that
    // handle() needn't look for it again.
    bool needs_worker(Request& request) const;

  private:
    // Finds text by a string_view, without making a string of it.
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    // One place in the tree of segments: see router.cpp.
    struct Node {
        std::unordered_map<std::string, std::unique_ptr<Node>, Hash, std::equal_to<>> exact;
        std::unique_ptr<Node> parameter;
        std::unique_ptr<Node> wildcard;
        std::vector<const Route*> routes;  // those that end here, the one for any method last
    };
    // One walk down the tree.
    struct Walk {
        std::string_view method;
        std::vector<std::string_view> values = {};  // of the parameters on the way to this place
        std::vector<std::string_view> others = {};  // methods of the routes that were passed over
    };

    const Route* find(Request& request, Walk& walk) const;
    static const Route* find_below(const Node& node, std::string_view path, Walk& walk);
    static const Route* choose(const Node& node, Walk& walk);

    std::deque<Route> routes_;  // a deque, because its elements never move
    Node root_;
};
