// Clients that try a server's patience, all at the same time, so that the ten seconds are spent
// once only. Used by each level from 2 on. If a level keeps connections open, one of them is idle.
#pragma once

enum class Connections { closed_after_each_reply, kept_alive };

// Checks that each client is sent away in time and in the right way.
void expect_slow_clients_are_sent_away(Connections connections);
