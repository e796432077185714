#pragma once
// When a busy loop rests before it looks at its sockets again.
#include <chrono>
#include <cstdint>
#include <optional>

namespace lampline::sip {

/// Moderates wake-ups as network cards do with interrupts. Being woken costs as much as handling a
/// small message; so where messages come faster than `paced_above`, the loop takes what is there,
/// sleeps for `rest` whatever comes meanwhile, and looks again. Slower ones, and those after a
/// pause, are taken at once. No I/O; told the time.
class WakePacing {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::microseconds rest{1000};
    /// One message in this time, on average over some twenty.
    static constexpr std::chrono::microseconds paced_above{1000};

    /// Whether the next turn of the loop is to look only, and not to wait for something.
    [[nodiscard]] bool paced() const noexcept { return paced_; }

    /// A turn is over that brought `messages`. Whether to sleep for `rest` before the next one.
    [[nodiscard]] bool rests_after(std::uint64_t messages, TimePoint now) noexcept;

private:
    using Credit = std::chrono::nanoseconds;

    bool paced_ = false;
    bool came_ = false;  // something, since the last rest
    Credit level_{};     // rises with each message, falls with time
    TimePoint level_at_{};
};

}  // namespace lampline::sip
