// What a server must not keep of the requests that it has answered: memory, threads, descriptors.
#pragma once

#include <string>
#include <vector>

// Sends the requests (each of which ends its connection) again and again: 500 to warm up, then two
// rounds of 1,000. Judged is what the second round has added. If it would take longer than 20 s,
// or there is no /proc, that is only remarked.
void expect_nothing_left_behind(const std::vector<std::string>& requests);
