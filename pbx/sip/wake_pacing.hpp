#pragma once
// When a busy loop rests before it looks at its sockets again.
#include <chrono>
#include <cstdint>

namespace lampline::sip {

/// Moderates wake-ups as network cards do with interrupts: to be woken costs as much as to handle a
/// small message. Where the loop would be woken more often than once in `shortest_rest`, it takes
/// what is there, rests whatever comes meanwhile, and looks again, as long as most looks bring
/// something. It rests longer where less comes, so that a look brings at most about
/// `worth_a_look` and the buffer of the socket does not fill meanwhile. What comes more slowly, or
/// after a pause, is taken at once. No I/O; told the time.
class WakePacing {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::microseconds shortest_rest{2000};
    static constexpr std::chrono::microseconds longest_rest{4000};
    static constexpr std::uint64_t worth_a_look = 32;  ///< messages

    /// Whether the next turn of the loop is to look only, and not to wait for something.
    [[nodiscard]] bool paced() const noexcept { return paced_; }

    /// A turn is over that brought `messages`. How long to sleep before the next one; 0: not.
    [[nodiscard]] std::chrono::microseconds rest_after(std::uint64_t messages,
                                                       TimePoint now) noexcept;

private:
    void score(double change) noexcept;

    bool paced_ = false;
    std::uint64_t came_ = 0;  // messages since the last rest
    std::chrono::microseconds rest_ = shortest_rest;
    double score_ = 0;  // of wake-ups that a rest would have spared
    TimePoint last_{};  // when a turn last brought something
};

}  // namespace lampline::sip
