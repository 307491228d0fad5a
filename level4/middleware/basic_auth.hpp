// A password for some pages: HTTP Basic authentication (RFC 7617). The browser asks for user and
// password, and sends both with each request. They are in base64, which every machine on the way
// can read, so use it only over TLS, or on one machine.
// Leaves out: several users, logging out (close the browser), and a limit to wrong guesses.
#pragma once

#include <string>

#include "handler.hpp"

struct BasicAuthOptions {
    std::string realm = "Admin";  // shown by the browser; pages of one realm share a password
    std::string user = {};
    std::string password = {};
};

// Without a user or a password every reply is 403. Throws std::invalid_argument for a user with a
// colon, and for a realm with quotes, backslashes or control characters.
Middleware basic_auth(BasicAuthOptions options);
