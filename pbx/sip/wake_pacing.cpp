#include "sip/wake_pacing.hpp"

#include <algorithm>

namespace lampline::sip {
namespace {

// More than the wake-ups of one call, so that a call by itself is never paced.
constexpr double busy = 20;
constexpr double highest = 2 * busy;
// Resting costs more than being woken when less than about two looks of three bring something.
constexpr double worth_it = 1;
constexpr double in_vain = -2;
// What follows closer has found the loop awake.
constexpr std::chrono::microseconds apart{100};

}  // namespace

bool WakePacing::rests_after(std::uint64_t messages, TimePoint now) noexcept
{
    if (paced_) {
        if (messages > 0) {
            came_ = true;  // and more may be there
            return false;
        }
        score(came_ ? worth_it : in_vain);
        came_ = false;
        last_ = now;
        return paced_;
    }
    if (messages == 0) return false;
    const auto pause = now - last_;
    last_ = now;
    if (pause < apart) return false;
    score(1 - std::chrono::duration<double>{pause} / std::chrono::duration<double>{rest});
    came_ = true;
    return false;
}

void WakePacing::score(double change) noexcept
{
    score_ = std::clamp(score_ + change, 0.0, highest);
    paced_ = score_ >= busy;
}

}  // namespace lampline::sip
