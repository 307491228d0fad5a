// What a server must not keep of the requests that it has answered: memory, threads, descriptors.
#pragma once

#include <string>
#include <vector>

#include "public_folder.hpp"

// Sends the requests (each of which ends its connection) again and again: 500 to warm up, then two
// rounds of 1,000, with clients between them that leave before their request ends. Judged is what
// the second round has added. If it would take longer than 20 s, or there is no /proc, that is only
// remarked.
void expect_nothing_left_behind(const std::vector<std::string>& requests);

// Requests for what makes a server open a file or a folder, in each of the ways that it may end: the
// whole, a part, no content, an error.
std::vector<std::string> requests_for_files(const PublicFolder& folder);
