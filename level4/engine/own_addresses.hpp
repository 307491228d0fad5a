// The addresses at which other machines on the network reach this one, announced by a server that
// listens on all of them.
// Leaves out: names, and addresses that only work together with a network card's name
// (fe80::1%eth0).
#pragma once

#include <string>
#include <vector>

// As they stand in a URL, such as 192.168.1.20 or [2001:db8::20]. Those of IPv6 only if they are
// asked for. Empty if the system doesn't say.
std::vector<std::string> own_addresses(bool with_ipv6);
