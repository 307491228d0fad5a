// Which program listens on a port. It need not be the one that the harness has started, because
// that may be the shell of `cd mine && ./server`, a run.sh, or `timeout 200 ./server`.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

// The first of these processes that listens on the port. Nothing if none of them does, or where
// there is no /proc.
std::optional<pid_t> process_that_listens(int port, const std::vector<pid_t>& among);

// A port on which one of these processes listens. Nothing if none does, or where there is no /proc.
std::optional<int> port_listened_on(const std::vector<pid_t>& among);

// Whether any program listens on the port. Nothing where there is no /proc.
std::optional<bool> is_listened_on(int port);
