// A password for some pages: HTTP Basic authentication (RFC 7617). The browser asks for user and
// password, and sends both with each request, in base64: readable for everybody on the way, so only
// use it through TLS or on one machine.
// Leaves out: several users, logging out (close the browser), and counting wrong guesses.
#pragma once

#include <string>

#include "handler.hpp"

struct BasicAuthOptions {
    std::string realm = "Admin";  // shown by the browser; pages of one realm share a password
    std::string user = {};
    std::string password = {};
};

// Without user or password nobody gets in: every reply is 403. Throws std::invalid_argument for a
// user with a colon in it, or a realm with quotes or control characters.
Middleware basic_auth(BasicAuthOptions options);
