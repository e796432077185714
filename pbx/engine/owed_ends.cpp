#include "engine/owed_ends.hpp"

#include <algorithm>
#include <iterator>

namespace lampline {

std::vector<UnaskedLamp> OwedEnds::add(UnaskedLamp lamp, std::chrono::sys_seconds now)
{
    auto& lamps = by_watcher_[lamp.watcher];
    std::erase_if(lamps, [&](const UnaskedLamp& one) {
        return one.phone == lamp.phone && one.member == lamp.member;
    });
    lamps.push_back(std::move(lamp));
    auto kept = std::ranges::find_if_not(
        lamps, [&](const UnaskedLamp& one) { return is_over(one, now); });
    const auto left = static_cast<std::size_t>(lamps.end() - kept);
    if (left > most_of_watcher) kept += static_cast<std::ptrdiff_t>(left - most_of_watcher);
    std::vector<UnaskedLamp> forgotten{std::make_move_iterator(lamps.begin()),
                                       std::make_move_iterator(kept)};
    lamps.erase(lamps.begin(), kept);
    if (lamps.empty()) by_watcher_.erase(forgotten.back().watcher);
    return forgotten;
}

std::vector<UnaskedLamp> OwedEnds::take(std::string_view watcher, std::string_view phone)
{
    const auto found = by_watcher_.find(watcher);
    if (found == by_watcher_.end()) return {};
    auto& lamps = found->second;
    const auto those = std::ranges::stable_partition(
        lamps, [&](const UnaskedLamp& one) { return one.phone != phone; });
    std::vector<UnaskedLamp> taken{std::make_move_iterator(those.begin()),
                                   std::make_move_iterator(those.end())};
    lamps.erase(those.begin(), those.end());
    if (lamps.empty()) by_watcher_.erase(found);
    return taken;
}

std::vector<UnaskedLamp> OwedEnds::take_all_of(std::string_view watcher)
{
    const auto found = by_watcher_.find(watcher);
    if (found == by_watcher_.end()) return {};
    auto taken = std::move(found->second);
    by_watcher_.erase(found);
    return taken;
}

std::vector<UnaskedLamp> OwedEnds::date(std::chrono::sys_seconds now)
{
    std::vector<UnaskedLamp> dated;
    for (auto& [watcher, lamps] : by_watcher_)
        for (auto& lamp : lamps) {
            if (lamp.since != std::chrono::sys_seconds{}) continue;
            lamp.since = now;
            dated.push_back(lamp);
        }
    return dated;
}

std::vector<std::string> OwedEnds::watchers() const
{
    std::vector<std::string> numbers;
    for (const auto& [watcher, lamps] : by_watcher_) numbers.push_back(watcher);
    return numbers;
}

}  // namespace lampline
