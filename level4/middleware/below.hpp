// A middleware for some paths only.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "handler.hpp"

// "/api" covers /api and /api/messages, but not /apiary. "" covers everything.
inline bool is_below(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    return prefix.empty() || prefix.ends_with('/') || path.size() == prefix.size() ||
           path[prefix.size()] == '/';
}

// Unlike a middleware of a RouteGroup, it also sees the replies to a path or a method that has no
// route.
inline Middleware below(std::string prefix, Middleware middleware) {
    return [prefix = std::move(prefix), middleware = std::move(middleware)](Request& request,
                                                                            const Next& next) {
        return is_below(request.path, prefix) ? middleware(request, next) : next(request);
    };
}
