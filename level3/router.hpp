// Which handler answers which path. A pattern is a path in which a segment may be a parameter:
//     /about              this path and no other
//     /users/{id}         any one segment; the handler finds it in request.params.at("id")
//     /users/{id:int}     the same, but only a whole number
//     /files/*path        all that is left, slashes and all, or nothing
// An exact segment goes before a parameter, a parameter before a wildcard; {id} and {id:int} are
// equals, and two such routes for the same paths are an error. Every GET route also
// answers HEAD, every route OPTIONS, and a path that exists for other methods only is a 405.
// Leaves out: routing by host name, and regular expressions.
#pragma once

#include <string>
#include <string_view>
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

    void get(std::string_view pattern, Handler handler);
    void post(std::string_view pattern, Handler handler);
    void put(std::string_view pattern, Handler handler);
    void patch(std::string_view pattern, Handler handler);
    void del(std::string_view pattern, Handler handler);  // delete is a word of C++
    // Every method that has no route of its own.
    void any(std::string_view pattern, Handler handler);

    // group("/api").group("/v1").get("/users", ...) answers /api/v1/users.
    RouteGroup group(std::string_view prefix);

  private:
    void add(std::string_view method, std::string_view pattern, Handler handler);

    Router& router_;
    std::string prefix_;
};

class Router : public RouteGroup {
  public:
    // A router is a group, too: the one without a prefix, whose router is itself. (The base keeps
    // the reference and no more: nothing is called before the router is made.)
    Router() : RouteGroup(*this, "") {}
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Throws std::invalid_argument if the pattern is malformed, or if some path would match it and
    // an earlier one equally well; the message names both. That is meant to end the program at its
    // start, not to surprise it later. `method` is "*" for any.
    void add(std::string_view method, const std::string& pattern, Handler handler);

    // Answers with the best route's handler, or with 404 or 405. Safe to call from many threads at
    // once, as long as no routes are added.
    Response handle(Request& request) const;

  private:
    // In the order of their rank.
    enum class Kind { exact, parameter, wildcard };
    struct Segment {
        Kind kind;
        std::string text;  // what it must be, or the parameter's name
        bool number;       // {id:int}
    };
    struct Route {
        std::string method;
        std::string pattern;
        std::vector<Segment> segments;
        Handler handler;
    };

    static std::vector<Segment> parse(const std::string& pattern);
    static bool better(const Route& left, const Route& right);
    static bool conflict(const Route& left, const Route& right);
    static bool matches(const Route& route, std::string_view path);
    static void fill_params(const Route& route, Request& request);
    std::string allowed_methods(std::string_view path) const;

    std::vector<Route> routes_;  // the best first
};
