// The clients that try a server's patience, all at the same time, so that ten seconds are spent
// once. Used by each level from 2 on; a level that keeps connections has an idle one among them.
#pragma once

enum class Connections { closed_after_each_reply, kept_alive };

// Checks that each of them is sent away in time and in the right way.
void expect_slow_clients_are_sent_away(Connections connections);
