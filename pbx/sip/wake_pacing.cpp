#include "sip/wake_pacing.hpp"

#include <algorithm>

namespace lampline::sip {
namespace {

// More than the messages of one call, so that a call by itself is never paced.
constexpr std::chrono::nanoseconds busy = 20 * WakePacing::paced_above;
constexpr std::chrono::nanoseconds highest = 2 * busy;

}  // namespace

bool WakePacing::rests_after(std::uint64_t messages, TimePoint now) noexcept
{
    if (messages == 0) {
        // Everything is taken. What did not come during a rest may be long in coming.
        if (paced_ && !came_) paced_ = false;
        came_ = false;
        return paced_;
    }
    level_ = std::max(level_ - (now - level_at_), Credit{});
    level_at_ = now;
    level_ =
        std::min<Credit>(level_ + std::min<std::uint64_t>(messages, 1000) * paced_above, highest);
    paced_ = level_ >= busy;
    came_ = paced_;
    return false;
}

}  // namespace lampline::sip
