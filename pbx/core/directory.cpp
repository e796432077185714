#include "core/directory.hpp"

#include "core/numeric_address.hpp"

#include <algorithm>
#include <functional>
#include <unordered_set>

namespace lampline {
namespace {

/// To oneself, and to one's own keys: no group says so, and it is told only to who asks.
const WatchRight own_right{};

/// Leaves one right per other side, sorted. The order of equals is the order in which the groups
/// granted them.
template <class Key>
void merge(std::vector<WatchRight>& rights, Key key)
{
    if (!std::ranges::is_sorted(rights, {}, key)) std::ranges::stable_sort(rights, {}, key);
    auto kept = rights.begin();
    for (auto& right : rights) {
        if (kept != rights.begin() &&
            std::invoke(key, *std::prev(kept)) == std::invoke(key, right)) {
            auto& merged = *std::prev(kept);
            merged.unsolicited = merged.unsolicited || right.unsolicited;
            merged.rights.parties = merged.rights.parties || right.rights.parties;
            merged.rights.pickup = merged.rights.pickup || right.rights.pickup;
            merged.rights.join = merged.rights.join || right.rights.join;
            if (!merged.profile) merged.profile = right.profile;
        } else {
            if (&*kept != &right) *kept = std::move(right);
            ++kept;
        }
    }
    rights.erase(kept, rights.end());
    rights.shrink_to_fit();
}

/// What a lamp may tell a phone to dial before any number: no other code may begin so, as `*8` does
/// where `*` is the one for pickup.
std::string pickup_code(const FeatureCodes& codes)
{
    const auto& code = codes.code(Feature::pickup_directed);
    for (std::size_t at = 0; at < feature_count; ++at)
        if (const auto feature = static_cast<Feature>(at); feature != Feature::pickup_directed)
            if (codes.code(feature).starts_with(code)) return {};
    return code;
}

}  // namespace

std::string_view name(Visibility visibility) noexcept
{
    switch (visibility) {
    case Visibility::open: return "open";
    case Visibility::anonymous: return "anonymous";
    case Visibility::hidden: return "hidden";
    }
    return {};
}

std::optional<Visibility> visibility(std::string_view word) noexcept
{
    using enum Visibility;
    for (const auto one : {open, anonymous, hidden})
        if (name(one) == word) return one;
    return std::nullopt;
}

bool told_by_phone(const WatchRight* right, std::string_view member) noexcept
{
    return right && right->phone_notifies && right->rights.parties && right->names_dialogs() &&
           right->member == member;
}

Directory::Directory(std::string domain, std::vector<Extension> extensions,
                     std::vector<Group> groups, Numbering numbering,
                     std::vector<BodyProfile> profiles, std::vector<DeviceProfile> devices)
    : domain_{std::move(domain)}, numbering_{std::move(numbering)}
{
    std::ranges::stable_sort(profiles, {}, &BodyProfile::name);
    profiles_.reserve(profiles.size());
    for (auto& profile : profiles) {
        const bool dialled = profile.pickup_target != PickupTarget::none;
        profile.pickup_code = dialled ? pickup_code(numbering_.feature_codes) : std::string{};
        profiles_.push_back(std::make_shared<const BodyProfile>(std::move(profile)));
    }

    for (auto& [device, profile] : devices)
        if (auto row = find_profile(profile))
            devices_.try_emplace(std::move(device), std::move(row));

    extensions_.reserve(extensions.size());
    for (auto& extension : extensions) {
        std::string number = extension.number;
        extensions_.try_emplace(std::move(number), std::move(extension));
    }

    for (auto& group : numbering_.ring_groups) {
        std::erase_if(group.members, [this](const RingGroupMember& member) {
            return !extensions_.contains(member.number);
        });
        std::string number = group.number;
        ring_groups_.try_emplace(std::move(number), std::move(group));
    }
    numbering_.ring_groups.clear();
    for (auto& trunk : numbering_.trunks) {
        std::string name = trunk.name;
        trunks_.try_emplace(std::move(name), std::move(trunk));
    }
    numbering_.trunks.clear();

    std::ranges::stable_sort(groups, {}, &Group::name);
    groups_.reserve(groups.size());
    for (auto& group : groups) {
        if (groups_.contains(group.name)) continue;
        const auto unknown = [this](const std::string& number) {
            return !extensions_.contains(number);
        };
        std::erase_if(group.members, unknown);
        std::erase_if(group.watchers,
                      [&](const GroupWatcher& watcher) { return unknown(watcher.number); });
        std::string name = group.name;
        groups_.try_emplace(std::move(name), std::move(group));
    }
    std::vector<const Group*> by_name;
    by_name.reserve(groups_.size());
    for (const auto& [name, group] : groups_) by_name.push_back(&group);
    std::ranges::sort(by_name, {},
                      [](const Group* group) { return std::string_view{group->name}; });
    for (const auto* group : by_name) {
        grant(*group);
        if (!group->members_pick_up) continue;
        for (const auto& member : group->members)
            if (extensions_.at(member).visibility != Visibility::hidden)
                pickup_groups_[member].push_back(group->name);
    }
    for (auto& [member, rights] : by_member_) merge(rights, &WatchRight::watcher);
    for (auto& [watcher, rights] : by_watcher_) merge(rights, &WatchRight::member);
    if (!pickup_groups_.empty())
        for (auto* all : {&by_member_, &by_watcher_})
            for (auto& [number, rights] : *all)
                for (auto& right : rights)
                    right.rights.pickup =
                        right.rights.pickup || pick_up_for_each_other(right.watcher, right.member);

    for (const auto& slot : numbering_.park_lot.all_slots()) {
        auto name = park_name(slot);
        slot_rights_.try_emplace(name, WatchRight{.watcher = {}, .member = name});
    }
    for (const auto& name : numbering_.park_lot.groups)
        if (const auto* group = find_group(name))
            parkers_.insert(group->members.begin(), group->members.end());
}

const Extension* Directory::find(std::string_view number) const noexcept
{
    const auto found = extensions_.find(number);
    return found == extensions_.end() ? nullptr : &found->second;
}

const Group* Directory::find_group(std::string_view name) const noexcept
{
    const auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : &found->second;
}

const RingGroup* Directory::find_ring_group(std::string_view number) const noexcept
{
    const auto found = ring_groups_.find(number);
    return found == ring_groups_.end() ? nullptr : &found->second;
}

const TrunkRules* Directory::find_trunk(std::string_view name) const noexcept
{
    const auto found = trunks_.find(name);
    return found == trunks_.end() ? nullptr : &found->second;
}

bool Directory::serves_elsewhere(std::string_view domain) const noexcept
{
    return std::ranges::any_of(trunks_, [&](const auto& each) {
        const auto& trunk = each.second.trunk();
        return trunk.enabled && trunk.mode != CallMode::bridge && same_host(trunk.domain, domain);
    });
}

std::vector<TrunkRef> Directory::trunks() const
{
    std::vector<TrunkRef> all;
    for (const auto& [name, trunk] : trunks_) all.push_back(trunk.shared());
    return all;
}

std::span<const WatchRight> Directory::watchers_of(std::string_view member) const noexcept
{
    const auto found = by_member_.find(member);
    if (found == by_member_.end()) return {};
    return found->second;
}

std::span<const WatchRight> Directory::watched_by(std::string_view watcher) const noexcept
{
    const auto found = by_watcher_.find(watcher);
    if (found == by_watcher_.end()) return {};
    return found->second;
}

std::optional<FeatureKey> Directory::key(std::string_view watcher,
                                         std::string_view name) const noexcept
{
    auto key = feature_key(name);
    if (key && key->feature == KeyFeature::logged_in) {
        key->owner = watcher;
        if (!ring_groups_.contains(key->group)) {
            const auto plus = key->group.rfind('+');
            if (plus == std::string_view::npos) return std::nullopt;
            key->owner = key->group.substr(plus + 1);
            key->group = key->group.substr(0, plus);
            if (!ring_groups_.contains(key->group)) return std::nullopt;
        }
    }
    if (key && !extensions_.contains(key->owner)) return std::nullopt;
    return key;
}

bool Directory::is_on(const FeatureKey& key) const noexcept
{
    const auto* owner = find(key.owner);
    if (!owner) return false;
    switch (key.feature) {
    case KeyFeature::do_not_disturb: return owner->forwarding.do_not_disturb;
    case KeyFeature::forward_always: return !owner->forwarding.always.empty();
    case KeyFeature::logged_in: break;
    }
    const auto* group = find_ring_group(key.group);
    const auto* member = group ? group->member(key.owner) : nullptr;
    return member && member->logged_in;
}

bool Directory::same_ring_groups(const Directory& other) const
{
    return ring_groups_.size() == other.ring_groups_.size() &&
           std::ranges::all_of(ring_groups_, [&](const auto& group) {
               return other.ring_groups_.contains(group.first);
           });
}

const WatchRight* Directory::right(std::string_view watcher, std::string_view member) const noexcept
{
    if (const auto* shown = granted(watcher, member)) return shown;
    return watcher == member && find(member) ? &own_right : nullptr;
}

const WatchRight* Directory::granted(std::string_view watcher,
                                     std::string_view member) const noexcept
{
    if (feature_key(member)) {
        const auto of = key(watcher, member);
        if (!of) return nullptr;
        if (of->owner == watcher) return &own_right;
        member = of->owner;
    }
    const auto rights = watchers_of(member);
    const auto found = std::ranges::lower_bound(rights, watcher, {}, [](const WatchRight& right) {
        return std::string_view{right.watcher};
    });
    if (found != rights.end() && found->watcher == watcher) return &*found;
    const auto slot = slot_rights_.find(member);
    return slot != slot_rights_.end() && may_park(watcher) ? &slot->second : nullptr;
}

std::span<const std::string> Directory::pickup_groups(std::string_view member) const noexcept
{
    const auto found = pickup_groups_.find(member);
    if (found == pickup_groups_.end()) return {};
    return found->second;
}

bool Directory::may_pick_up(std::string_view picker, std::string_view extension) const noexcept
{
    const auto* seen = right(picker, extension);
    return (seen && seen->rights.pickup) || pick_up_for_each_other(picker, extension);
}

bool Directory::pick_up_for_each_other(std::string_view one, std::string_view other) const noexcept
{
    const auto own = pickup_groups(one);
    return std::ranges::any_of(pickup_groups(other), [&](const std::string& group) {
        return std::ranges::binary_search(own, group);
    });
}

std::string Directory::watched(std::string name) const
{
    if (find(name) || find_group(name) || find_ring_group(name)) return name;
    const auto slot = park_lot().slot_of(name);
    return slot ? park_name(*slot) : name;
}

std::vector<WatchRight> Directory::watchable(std::string_view watcher) const
{
    const auto extensions = watched_by(watcher);
    std::vector<WatchRight> all{extensions.begin(), extensions.end()};
    std::vector<std::string> names;
    const auto add_keys = [&](std::string_view owner) {
        for (const auto feature : {KeyFeature::do_not_disturb, KeyFeature::forward_always})
            names.push_back(key_of(feature, owner));
        for (const auto& [number, group] : ring_groups_) {
            if (!group.member(owner)) continue;
            auto own = key_of(KeyFeature::logged_in, number);
            names.push_back(owner == watcher ? own : own.append("+").append(owner));
        }
    };
    add_keys(watcher);
    for (const auto& right : extensions)
        if (right.member != watcher) add_keys(right.member);
    for (const auto& [slot, right] : slot_rights_) names.push_back(slot);
    for (const auto& name : names) {
        const auto* granted = right(watcher, name);
        if (!granted) continue;
        auto& added = all.emplace_back(*granted);
        added.watcher = watcher;
        added.member = name;
        added.unsolicited = false;
        added.phone_notifies = false;  // of its calls, not of these
    }
    return all;
}

bool Directory::may_park(std::string_view extension) const noexcept
{
    const auto& lot = park_lot();
    if (lot.number.empty() || !find(extension)) return false;
    return lot.groups.empty() || parkers_.contains(extension);
}

std::optional<std::vector<const WatchRight*>> Directory::listed(std::string_view watcher,
                                                                std::string_view group) const
{
    const auto* found = find_group(group);
    if (!found) return std::nullopt;
    const auto& audience = audiences_.find(group)->second;
    if (!std::ranges::binary_search(audience, watcher, std::less<>{})) return std::nullopt;
    std::vector<const WatchRight*> members;
    members.reserve(found->members.size());
    for (const auto& member : found->members)
        if (const auto* right_to_it = granted(watcher, member)) members.push_back(right_to_it);
    return members;
}

ProfileRef Directory::find_profile(std::string_view name) const
{
    if (name.empty()) return {};
    for (const auto& profile : profiles_)
        if (profile->name == name) return profile;
    return built_in_profile(name);
}

std::vector<GroupWatcher> Directory::audience_of(const Group& group) const
{
    auto audience = group.watchers;
    std::unordered_set<std::string_view> there;
    for (const auto& watcher : group.watchers) there.insert(watcher.number);
    for (const auto& watching : group.watching_groups) {
        const auto* members = find_group(watching.name);
        if (members == nullptr) continue;
        for (const auto& number : members->members)
            if (there.insert(number).second)
                audience.push_back({number, watching.unsolicited, watching.profile});
    }
    return audience;
}

/// Lets every watcher of `group` see every member that shows itself.
void Directory::grant(const Group& group)
{
    const auto audience = audience_of(group);
    std::vector<ProfileRef> chosen;
    chosen.reserve(audience.size());
    for (const auto& watcher : audience) chosen.push_back(find_profile(watcher.profile));
    auto& numbers = audiences_[group.name];
    numbers.reserve(audience.size());
    for (const auto& watcher : audience) numbers.push_back(watcher.number);
    std::ranges::sort(numbers);
    const auto by_group = [&](std::size_t place) { return place >= group.watchers.size(); };
    for (const auto& member : group.members) {
        const auto visibility = extensions_.at(member).visibility;
        if (visibility == Visibility::hidden) continue;
        auto rights = group.rights;
        rights.parties = rights.parties && visibility == Visibility::open;
        auto& of_member = by_member_[member];
        of_member.reserve(of_member.size() + audience.size());
        for (std::size_t at = 0; at < audience.size(); ++at) {
            const auto& watcher = audience[at];
            const bool own = watcher.number == member;
            if (by_group(at) && own) continue;
            WatchRight right{watcher.number, member, watcher.unsolicited,
                             chosen[at],     rights, extensions_.at(member).phone_notifies};
            // What a group shows to others takes nothing from what one sees of oneself.
            if (own) {
                right.rights.parties = own_right.rights.parties;
                right.rights.pickup = own_right.rights.pickup;
            }
            of_member.push_back(right);
            by_watcher_[watcher.number].push_back(right);
        }
    }
}

ProfileRef Directory::device_profile(std::span<const std::string> devices) const
{
    for (const auto& device : devices)
        if (const auto found = devices_.find(device); found != devices_.end()) return found->second;
    return {};
}

bool Directory::same_device_profiles(const Directory& other) const
{
    return devices_.size() == other.devices_.size() &&
           std::ranges::all_of(devices_, [&](const auto& device) {
               const auto found = other.devices_.find(device.first);
               return found != other.devices_.end() && found->second->name == device.second->name;
           });
}

ProfileRef Directory::profile_for(const WatchRight& right, std::string_view user_agent,
                                  std::span<const std::string> devices) const
{
    if (auto chosen = device_profile(devices)) return chosen;
    if (right.profile) return right.profile;
    ProfileRef best;
    std::size_t longest = 0;
    for (const auto& profile : profiles_) {
        const auto length = covered(user_agent, profile->user_agents);
        if (length <= longest) continue;
        longest = length;
        best = profile;
    }
    return best ? best : built_in_profile_for(user_agent);
}

std::vector<GroupGrant> Directory::grants(std::string_view watcher, std::string_view member) const
{
    std::vector<GroupGrant> grants;
    if (!right(watcher, member)) return grants;
    for (const auto& [name, group] : groups_) {
        if (!std::ranges::count(group.members, member)) continue;
        const auto audience = audience_of(group);
        const auto seeing = std::ranges::find(audience, watcher, &GroupWatcher::number);
        if (seeing == audience.end()) continue;
        const auto place = static_cast<std::size_t>(seeing - audience.begin());
        if (watcher == member && place >= group.watchers.size()) continue;
        grants.push_back({name, seeing->unsolicited, seeing->profile});
    }
    std::ranges::sort(grants, {}, &GroupGrant::group);
    return grants;
}

std::vector<const Extension*> Directory::extensions() const
{
    std::vector<const Extension*> all;
    all.reserve(extensions_.size());
    for (const auto& [number, extension] : extensions_) all.push_back(&extension);
    return all;
}

}  // namespace lampline
