#pragma once
// Time that passes for the stack alone, so that nobody waits for its timers.
#include <chrono>
#include <utility>

#include "sip/sofia.hpp"

/// Sofia's hook for clocks of one's own.
extern "C" void (*_su_time)(su_time_t* time);

namespace lampline::sip::test {

/// The time of the stack, which can be ahead. To be made after the first endpoint.
class StackClock {
public:
    StackClock() : own_{std::exchange(_su_time, ahead)} { present = this; }
    ~StackClock() { _su_time = own_; }
    StackClock(const StackClock&) = delete;
    StackClock& operator=(const StackClock&) = delete;

    void pass(std::chrono::seconds time) { passed_ += time; }

private:
    static void ahead(su_time_t* time)
    {
        present->own_(time);
        time->tv_sec += static_cast<unsigned long>(present->passed_.count());
    }

    static inline StackClock* present = nullptr;
    void (*own_)(su_time_t*);
    std::chrono::seconds passed_{};
};

}  // namespace lampline::sip::test
