#pragma once
// When a busy loop rests before it looks at its sockets again.
#include <chrono>
#include <cstdint>

namespace lampline::sip {

/// Moderates wake-ups as network cards do with interrupts: to be woken costs as much as to handle a
/// small message. Where the loop would be woken more often than once in `rest`, it takes what is
/// there, sleeps for `rest` whatever comes meanwhile, and looks again, as long as most looks bring
/// something. What comes more slowly, or after a pause, is taken at once. No I/O; told the time.
class WakePacing {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::microseconds rest{2000};

    /// Whether the next turn of the loop is to look only, and not to wait for something.
    [[nodiscard]] bool paced() const noexcept { return paced_; }

    /// A turn is over that brought `messages`. Whether to sleep for `rest` before the next one.
    [[nodiscard]] bool rests_after(std::uint64_t messages, TimePoint now) noexcept;

private:
    void score(double change) noexcept;

    bool paced_ = false;
    bool came_ = false;  // something, since the last rest
    double score_ = 0;   // of wake-ups that a rest would have spared
    TimePoint last_{};   // when a turn last brought something
};

}  // namespace lampline::sip
