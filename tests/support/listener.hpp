// Which program listens on a port. It need not be the one that the harness has started, because that
// may be the shell of `cd mine && ./server`, a run.sh, or `timeout 200 ./server`.
#pragma once

#include <sys/types.h>

#include <optional>

// The first of several, if the program has forked: the one whose parent isn't among them. Nothing
// where there is no /proc.
std::optional<pid_t> process_that_listens(int port);
