// Cross-site request forgery: a page of another site posts a form to us, and the visitor's browser
// adds our cookies. Browsers say where a request comes from, in fields that a page can't forge, so
// our forms need no token. The rules are those of CrossOriginProtection in Go's net/http.
// Leaves out: browsers from before 2020 that send neither field. GET is never checked, because it
// must not change anything (RFC 9110 §9.2.1).
#pragma once

#include <string>
#include <vector>

#include "handler.hpp"

struct CsrfOptions {
    // Other sites whose pages may post, such as https://app.example. An origin that may post
    // according to CORS has to be listed here as well.
    std::vector<std::string> trusted_origins = {};
    std::string trusted_prefix = "/";  // the paths that they may post to
};

// Unless it is GET, HEAD or OPTIONS, refuses with 403 a request from a page of another site, and
// one that has either of the two fields twice.
Middleware csrf(CsrfOptions options = {});
