#include "engine/hunt_order.hpp"

#include <algorithm>
#include <utility>

namespace lampline {

std::vector<const RingGroupMember*> HuntOrder::of(const RingGroup& group,
                                                  const Occupancy& occupancy) const
{
    std::vector<const RingGroupMember*> order;
    order.reserve(group.members.size());
    for (const auto& member : group.members) order.push_back(&member);
    switch (group.strategy) {
    case RingStrategy::all:
    case RingStrategy::linear: break;
    case RingStrategy::round_robin:
        if (const auto last = last_first_.find(group.number); last != last_first_.end()) {
            const auto at = std::ranges::find(order, last->second, &RingGroupMember::number);
            if (at != order.end()) std::rotate(order.begin(), at + 1, order.end());
        }
        break;
    case RingStrategy::longest_idle:
        // Who is in a call is not idle, however long ago its last one ended.
        std::ranges::stable_sort(order, {}, [&](const RingGroupMember* member) {
            return std::pair{occupancy.calls(member->number),
                             occupancy.last_talked(member->number)};
        });
        break;
    case RingStrategy::random:
        for (auto left = order.size(); left > 1; --left)  // Fisher and Yates
            std::swap(order[left - 1], order[random_(static_cast<std::uint32_t>(left))]);
        break;
    }
    return order;
}

}  // namespace lampline
