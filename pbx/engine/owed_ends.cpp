#include "engine/owed_ends.hpp"

#include <iterator>
#include <utility>

namespace lampline {
namespace {

/// Names it among those of its watcher.
std::string name_of(const UnaskedLamp& lamp)
{
    return lamp.phone + '\n' + lamp.member;
}

}  // namespace

std::vector<UnaskedLamp> OwedEnds::add(UnaskedLamp lamp, std::chrono::sys_seconds now)
{
    auto& [by_age, by_name] = by_watcher_[lamp.watcher];
    const auto [place, is_new] = by_name.try_emplace(name_of(lamp));
    if (!is_new) by_age.erase(place->second);
    place->second = by_age.insert(by_age.end(), std::move(lamp));
    std::vector<UnaskedLamp> forgotten;
    while (!by_age.empty() && (by_age.size() > most_of_watcher || is_over(by_age.front(), now))) {
        by_name.erase(name_of(by_age.front()));
        forgotten.push_back(std::move(by_age.front()));
        by_age.pop_front();
    }
    if (by_age.empty()) by_watcher_.erase(forgotten.back().watcher);
    return forgotten;
}

std::vector<UnaskedLamp> OwedEnds::take(std::string_view watcher, std::string_view phone)
{
    const auto found = by_watcher_.find(watcher);
    if (found == by_watcher_.end()) return {};
    auto& [by_age, by_name] = found->second;
    std::vector<UnaskedLamp> taken;
    for (auto lamp = by_age.begin(); lamp != by_age.end();) {
        if (lamp->phone != phone) {
            ++lamp;
            continue;
        }
        by_name.erase(name_of(*lamp));
        taken.push_back(std::move(*lamp));
        lamp = by_age.erase(lamp);
    }
    if (by_age.empty()) by_watcher_.erase(found);
    return taken;
}

std::vector<UnaskedLamp> OwedEnds::take_all_of(std::string_view watcher)
{
    const auto found = by_watcher_.find(watcher);
    if (found == by_watcher_.end()) return {};
    auto& by_age = found->second.by_age;
    std::vector<UnaskedLamp> taken{std::make_move_iterator(by_age.begin()),
                                   std::make_move_iterator(by_age.end())};
    by_watcher_.erase(found);
    return taken;
}

std::vector<UnaskedLamp> OwedEnds::date(std::chrono::sys_seconds now)
{
    std::vector<UnaskedLamp> dated;
    for (auto& [watcher, lamps] : by_watcher_)
        for (auto& lamp : lamps.by_age) {
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
