#include "engine/told_diversions.hpp"

#include <algorithm>
#include <utility>

#include "base/table_room.hpp"
#include "core/numeric_address.hpp"

namespace lampline {

void ToldDiversions::append(std::string& numbers, std::string_view number)
{
    numbers.append(number).append(1, '\n');
}

void ToldDiversions::add(LegId leg, const TrunkRules& way, std::span<const Diversion> chain,
                         std::string_view domain)
{
    if (chain.empty()) return;
    remove(leg);
    Place place;
    place.domain = way.trunk().domain;
    for (const auto& each : chain) {
        place.ours.push_back(is_ours(each, domain));
        append(place.told, place.ours.back() ? way.number_of(each.number) : each.number);
        append(place.here, each.number);
    }
    auto& groups = told_[place.told];
    auto group = std::ranges::find_if(groups, [&](const Group& each) {
        return each.ours == place.ours && same_host(each.domain, place.domain);
    });
    if (group == groups.end())
        group = groups.insert(groups.end(), Group{place.domain, place.ours});
    auto& known = group->chains[place.here];
    if (known.legs++ == 0) known.diversions.assign(chain.begin(), chain.end());
    places_.emplace(leg, std::move(place));
}

void ToldDiversions::remove(LegId leg)
{
    const auto node = places_.extract(leg);
    if (!node) return;
    give_back_room(places_);
    const auto& place = node.mapped();
    const auto told = told_.find(place.told);
    auto& groups = told->second;
    const auto group = std::ranges::find_if(groups, [&](const Group& each) {
        return each.ours == place.ours && same_host(each.domain, place.domain);
    });
    const auto known = group->chains.find(place.here);
    if (--known->second.legs > 0) return;
    group->chains.erase(known);
    give_back_room(group->chains);
    if (!group->chains.empty()) return;
    groups.erase(group);
    if (!groups.empty()) return;
    told_.erase(told);
    give_back_room(told_);
}

/// The numbers are the same.
bool ToldDiversions::fits(const Group& group, std::span<const Diversion> heard, const Trunk& back,
                          std::string_view domain)
{
    for (std::size_t i = 0; i < group.ours.size(); ++i) {
        if (!group.ours[i] || is_ours(heard[i], domain)) continue;
        const auto& host = heard[i].host;
        if (!same_host(host, group.domain) && !same_host(host, back.domain)) return false;
    }
    return true;
}

void ToldDiversions::name_as_here(std::vector<Diversion>& heard, const Trunk& back,
                                  std::string_view domain) const
{
    if (told_.empty()) return;
    const std::vector<Diversion>* known = nullptr;
    bool unclear = false;
    std::string numbers;
    for (const auto& last : heard) {
        append(numbers, last.number);
        const auto told = told_.find(numbers);
        if (told == told_.end()) continue;
        bool as_long = false;  // one was found that is
        for (const auto& group : told->second) {
            if (!fits(group, heard, back, domain)) continue;
            const auto& chain = group.chains.begin()->second.diversions;
            const bool same =
                as_long && std::ranges::equal(chain, *known, {}, &Diversion::number,
                                              &Diversion::number);
            unclear = group.chains.size() > 1 || (as_long && (unclear || !same));
            as_long = true;
            known = &chain;
        }
    }
    // Several have been shown by one number: what goes round adds to its chain, which tells then.
    if (!known || unclear) return;
    for (std::size_t i = 0; i < known->size(); ++i) {
        if (!is_ours((*known)[i], domain)) continue;
        heard[i].number = (*known)[i].number;
        heard[i].host.clear();
    }
}

}  // namespace lampline
