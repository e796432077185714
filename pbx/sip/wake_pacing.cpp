#include "sip/wake_pacing.hpp"

#include <algorithm>
#include <utility>

namespace lampline::sip {
namespace {

// More than the wake-ups of one call, so that a call by itself is never paced.
constexpr double busy = 20;
constexpr double highest = 2 * busy;
// Resting costs more than being woken when less than about two looks of three bring something.
constexpr double worth_it = 1;
constexpr double in_vain = -2;
// By which a rest grows where little comes; it halves where much does.
constexpr std::chrono::microseconds gently{100};
// What follows closer has found the loop awake.
constexpr std::chrono::microseconds apart{100};

}  // namespace

std::chrono::microseconds WakePacing::rest_after(std::uint64_t messages, TimePoint now) noexcept
{
    using namespace std::chrono_literals;
    if (paced_) {
        came_ += messages;
        if (messages > 0) return 0us;  // more may be there
        rest_ = std::clamp(came_ > worth_a_look ? rest_ / 2 : rest_ + gently, shortest_rest,
                           longest_rest);
        last_ = now;
        score(std::exchange(came_, 0) > 0 ? worth_it : in_vain);
        return paced_ ? rest_ : 0us;
    }
    if (messages == 0) return 0us;
    const auto pause = now - last_;
    last_ = now;
    if (pause < apart) return 0us;
    score(1 - std::chrono::duration<double>{pause} / std::chrono::duration<double>{shortest_rest});
    came_ += messages;
    return 0us;
}

void WakePacing::score(double change) noexcept
{
    score_ = std::clamp(score_ + change, 0.0, highest);
    const bool before = std::exchange(paced_, score_ >= busy);
    if (paced_ != before) {
        came_ = 0;
        rest_ = shortest_rest;
    }
}

}  // namespace lampline::sip
