#pragma once
// Who comes first in a ring group.
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ring_group.hpp"
#include "core/token_source.hpp"
#include "engine/occupancy.hpp"

namespace lampline {

/// What the strategies remember between calls. SIP thread only.
class HuntOrder {
public:
    explicit HuntOrder(RandomSource random) : random_{std::move(random)} {}

    /// The members of `group` in the order in which a call would ring them now. Changes nothing but
    /// the random source.
    [[nodiscard]] std::vector<const RingGroupMember*> of(const RingGroup& group,
                                                         const Occupancy& occupancy) const;
    /// A call to `group` began with `first`.
    void began(const std::string& group, const std::string& first) { last_first_[group] = first; }
    /// Forgets the groups that `gone` names.
    template <class Gone>
    void forget_if(Gone gone)
    {
        std::erase_if(last_first_, [&](const auto& each) { return gone(each.first); });
    }

private:
    RandomSource random_;
    std::unordered_map<std::string, std::string> last_first_;
};

}  // namespace lampline
