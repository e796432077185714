#pragma once
// INVITEs of ours that meet another one in their dialog.
#include <chrono>
#include <optional>

#include "core/leg_state.hpp"
#include "core/token_source.hpp"

namespace lampline {

/// For how long one INVITE of ours, or what stands for it, has been in the way of others by now.
/// Both ends of a dialog that meet wait for spans that cannot be the same (RFC 3261 §14.1).
class Glare {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    /// So long after the first attempt there is no further one.
    static constexpr std::chrono::milliseconds patience{10'000};

    /// It was answered 491 in the dialog of a leg of `role`: when to send it again; nullopt: never.
    /// The Call-ID is ours where a phone was called, and of who has made it the wait is longer.
    [[nodiscard]] std::optional<TimePoint> met(LegRole role, const RandomSource& random,
                                               TimePoint now);
    /// It cannot be sent as another change is under way: when to look again; nullopt: never.
    [[nodiscard]] std::optional<TimePoint> held_up(TimePoint now);
    /// It was accepted: the next one is another matter.
    void over() noexcept { since_.reset(); }

private:
    [[nodiscard]] std::optional<TimePoint> after(std::chrono::milliseconds wait, TimePoint now);

    std::optional<TimePoint> since_;
};

}  // namespace lampline
