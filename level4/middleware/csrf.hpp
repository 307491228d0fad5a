// Cross-site request forgery: a foreign page posts a form to us, and the visitor's browser adds our
// cookies. Browsers say where a request comes from, in fields that no page can forge: so the forms
// need no token. The rules are those of CrossOriginProtection in Go's net/http.
// Leaves out: browsers from before 2020 that send neither field. And GET, which is never
// checked: it must not change anything (RFC 9110 §9.2.1).
#pragma once

#include <string>
#include <vector>

#include "handler.hpp"

struct CsrfOptions {
    // Foreign pages that may post, such as https://app.example. Whom CORS lets post belongs here.
    std::vector<std::string> trusted_origins = {};
    std::string trusted_prefix = "/";  // and to which paths
};

// Refuses with 403 what a page of another site asks for, unless the method is GET, HEAD or OPTIONS.
Middleware csrf(CsrfOptions options = {});
