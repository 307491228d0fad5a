// The addresses of machines, as people write them: where a server is to listen, and who connects.
// Leaves out: names of clients, and all addresses of a host but the first that the system finds.
#pragma once

#include <netdb.h>

#include <memory>
#include <string>

// Where a server listens on this host, which is an address or a name of this machine: the first
// address that the system finds. Throws std::runtime_error with a message for the user.
using Address = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;
Address look_up(const std::string& host, const std::string& port);

// The address in its usual form, without its port: "127.0.0.1", or "::1" for ::0001. A listener on ::
// sees IPv4 clients as ::ffff:192.0.2.1, which is written as 192.0.2.1.
std::string written_out(const sockaddr* address, socklen_t size);

// True if what listens on this name or address can be reached from this machine only. A name is
// looked up, as it is for listening.
bool is_only_this_machine(const std::string& host);

// True if it stands for all addresses of this machine, as 0.0.0.0 and :: do, however they are
// written.
bool is_every_address(const std::string& host);
