#include "support/office/unasked_lamps.hpp"

#include <vector>

namespace lampline::test {

void UnaskedLamps::show(const Phone& phone, const std::string& member, std::uint64_t place,
                        bool lit)
{
    for (const auto& about : {member, std::string{}})
        if (const auto until = forgotten_.find({&phone, about});
            until != forgotten_.end() && place <= until->second)
            return;
    auto& shown = shown_[{&phone, member}];
    if (place >= shown.place) shown = {place, lit};
}

void UnaskedLamps::forget(const Phone& phone, const std::string& member)
{
    forgotten_[{&phone, member}] = sent_;
    std::erase_if(shown_, [&](const auto& one) {
        return one.first.first == &phone && (member.empty() || one.first.second == member);
    });
}

void UnaskedLamps::keep(const std::function<bool(const Phone&, const std::string&)>& known)
{
    std::vector<Key> unknown;
    for (const auto& [key, shown] : shown_)
        if (!known(*key.first, key.second)) unknown.push_back(key);
    for (const auto& [phone, member] : unknown) forget(*phone, member);
}

bool UnaskedLamps::is_lit(const Phone& phone, std::string_view member) const
{
    const auto found = shown_.find({&phone, std::string{member}});
    return found != shown_.end() && found->second.lit;
}

}  // namespace lampline::test
