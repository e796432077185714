#include "core/glare.hpp"

namespace lampline {

std::optional<Glare::TimePoint> Glare::after(std::chrono::milliseconds wait, TimePoint now)
{
    if (!since_) since_ = now;
    if (now + wait > *since_ + patience) return std::nullopt;
    return now + wait;
}

std::optional<Glare::TimePoint> Glare::met(LegRole role, const RandomSource& random, TimePoint now)
{
    constexpr std::chrono::milliseconds unit{10};
    if (role == LegRole::callee) return after(unit * (210 + random(191)), now);
    return after(unit * random(201), now);
}

std::optional<Glare::TimePoint> Glare::held_up(TimePoint now)
{
    constexpr std::chrono::milliseconds interval{500};
    return after(interval, now);
}

}  // namespace lampline
