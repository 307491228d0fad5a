// What a browser may do with our pages. It keeps to two fields that every reply has:
//     Content-Security-Policy  scripts, styles and pictures come from this server only, and from
//                              files, not from the page itself; forms are sent here only; and no
//                              page may show ours in a frame, where a click could be stolen
//     Referrer-Policy          other sites aren't told which of our pages a visitor came from
// Leaves out: Strict-Transport-Security, which belongs to the proxy that speaks TLS.
#pragma once

#include "handler.hpp"

// A middleware. A reply that has one of the fields keeps its own, such as an upload's stricter
// policy. Put it outside all layers that may refuse a request, because error pages are pages.
Response security_headers(Request& request, const Next& next);
