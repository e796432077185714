#pragma once
// How often the kernel repeats what the peer of a TCP connection does not acknowledge.
#include <chrono>
#include <optional>

namespace lampline::sip {

/// Of one connection, from its first use on. The kernel by itself waits twice as long before each
/// repetition (RFC 6298 §5.5), up to two minutes: whoever was out of reach for a while would be
/// told what has changed that much later. Here it waits four seconds at most, as timer E does over
/// UDP (RFC 3261 §17.1.2.2), also for the answer to a SYN.
///
/// No option of Linux before 6.15 says so. But since 4.19 the timer of a repetition fires no later
/// than TCP_USER_TIMEOUT runs out; when that has been moved on by then, the connection does not
/// end, and the kernel repeats. So it is moved on, always a little ahead. Whoever does not look in
/// time, `ahead` less the interval, loses a connection that acknowledges nothing; none that does.
class TcpRepetition {
public:
    using Clock = std::chrono::steady_clock;

    /// How often to look.
    static constexpr std::chrono::milliseconds interval{500};
    /// Together with `interval`: the longest time between two repetitions.
    static constexpr std::chrono::milliseconds ahead{3500};
    /// Then the connection ends. By itself the kernel gives up at about the same time.
    static constexpr std::chrono::minutes give_up{15};

    /// Something is written to the connection at `at`, of which everybody who writes must tell.
    void written(Clock::time_point at) noexcept;
    /// Looks how the connection of the open socket `descriptor` is doing. To be called once in the
    /// beginning, and each `interval` while it is not at rest.
    void look(int descriptor, Clock::time_point now) noexcept;
    /// Everything written is acknowledged: there is nothing to repeat until more is.
    [[nodiscard]] bool at_rest() const noexcept { return at_rest_; }

private:
    std::optional<Clock::time_point> calm_;  // when it is known to have repeated nothing last
    bool at_rest_ = false;
    bool hastened_ = false;
};

}  // namespace lampline::sip
