// See slowness.hpp. The load average is how many programs have wanted to run in the last minute.
#include "slowness.hpp"

#include <stdlib.h>

#include <algorithm>
#include <thread>

double slowness() {
    double wanted = 0;
    if (getloadavg(&wanted, 1) != 1) return 1.0;
    const double for_each_processor = wanted / std::max(1u, std::thread::hardware_concurrency());
    return std::clamp(for_each_processor / 2, 1.0, 3.0);
}
