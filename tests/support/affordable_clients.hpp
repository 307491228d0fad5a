// For cases with many clients at once: how many this machine allows.
#pragma once

#include <cstddef>

// How many clients the limits of this machine allow, up to `wanted`. If fewer, the report says so.
std::size_t affordable_clients(std::size_t wanted);
