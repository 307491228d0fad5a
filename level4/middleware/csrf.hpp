// Cross-site request forgery: a foreign page posts a form to us, and the visitor's browser adds our
// cookies. Browsers say where a request comes from, in fields that no page can forge: so the forms
// need no token. The rules are those of CrossOriginProtection in Go's net/http.
// Leaves out: browsers from before 2020 that send neither field. And GET: it must not change a
// thing (RFC 9110 §9.2.1), for it is never checked.
#pragma once

#include <string>
#include <vector>

#include "middleware/middleware.hpp"

struct CsrfOptions {
    // Foreign pages that may post, such as https://app.example. Whom CORS lets post belongs here.
    std::vector<std::string> trusted_origins = {};
    std::string trusted_prefix = "/";  // and to which paths
};

Middleware csrf(CsrfOptions options = {});
