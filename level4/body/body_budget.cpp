// What of the budget needs the system: see body_budget.hpp.
#include "body/body_budget.hpp"

#include <chrono>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void BodyBudget::give_back() {
    {
        const std::lock_guard lock(mutex_);
        if (Clock::now() < gave_back_ + std::chrono::milliseconds(100)) return;
        gave_back_ = Clock::now();
    }
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
