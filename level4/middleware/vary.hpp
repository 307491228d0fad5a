// The Vary field: what a reply depends on besides its address (RFC 9110 §12.5.5). Without it, a
// cache would give the reply made for one client to another that asked for something else.
#pragma once

#include <string_view>

#include "headers.hpp"

// Adds the name of a request field to the list, unless it is already there. The name is a literal
// of ours, so it isn't checked again.
void vary_on(Headers& headers, std::string_view field);
