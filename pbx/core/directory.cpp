#include "core/directory.hpp"

#include <algorithm>
#include <functional>

namespace lampline {
namespace {

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
            if (!merged.profile) merged.profile = right.profile;
        } else {
            if (&*kept != &right) *kept = std::move(right);
            ++kept;
        }
    }
    rights.erase(kept, rights.end());
    rights.shrink_to_fit();
}

}  // namespace

Directory::Directory(std::string domain, std::vector<Extension> extensions,
                     std::vector<Group> groups, Numbering numbering,
                     std::vector<BodyProfile> profiles)
    : domain_{std::move(domain)}, numbering_{std::move(numbering)}
{
    std::ranges::stable_sort(profiles, {}, &BodyProfile::name);
    profiles_.reserve(profiles.size());
    for (auto& profile : profiles)
        profiles_.push_back(std::make_shared<const BodyProfile>(std::move(profile)));

    extensions_.reserve(extensions.size());
    for (auto& extension : extensions) {
        std::string number = extension.number;
        extensions_.try_emplace(std::move(number), std::move(extension));
    }

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
        grant(group);
        std::string name = group.name;
        groups_.try_emplace(std::move(name), std::move(group));
    }
    for (auto& [member, rights] : by_member_) merge(rights, &WatchRight::watcher);
    for (auto& [watcher, rights] : by_watcher_) merge(rights, &WatchRight::member);
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

const WatchRight* Directory::right(std::string_view watcher, std::string_view member) const noexcept
{
    const auto rights = watchers_of(member);
    const auto found = std::ranges::lower_bound(rights, watcher, {}, [](const WatchRight& right) {
        return std::string_view{right.watcher};
    });
    return found != rights.end() && found->watcher == watcher ? &*found : nullptr;
}

ProfileRef Directory::find_profile(std::string_view name) const
{
    if (name.empty()) return {};
    for (const auto& profile : profiles_)
        if (profile->name == name) return profile;
    return built_in_profile(name);
}

/// Lets every watcher of `group` see every member.
void Directory::grant(const Group& group)
{
    std::vector<ProfileRef> chosen;
    chosen.reserve(group.watchers.size());
    for (const auto& watcher : group.watchers) chosen.push_back(find_profile(watcher.profile));
    const auto right_of = [&](std::size_t place, const std::string& member) {
        const auto& watcher = group.watchers[place];
        return WatchRight{watcher.number, member, watcher.unsolicited, chosen[place]};
    };
    for (const auto& member : group.members) {
        auto& rights = by_member_[member];
        rights.reserve(rights.size() + chosen.size());
        for (std::size_t at = 0; at < chosen.size(); ++at) rights.push_back(right_of(at, member));
    }
    for (std::size_t at = 0; at < chosen.size(); ++at) {
        auto& rights = by_watcher_[group.watchers[at].number];
        rights.reserve(rights.size() + group.members.size());
        for (const auto& member : group.members) rights.push_back(right_of(at, member));
    }
}

ProfileRef Directory::profile_for(const WatchRight& right, std::string_view user_agent) const
{
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

std::vector<const Extension*> Directory::extensions() const
{
    std::vector<const Extension*> all;
    all.reserve(extensions_.size());
    for (const auto& [number, extension] : extensions_) all.push_back(&extension);
    return all;
}

}  // namespace lampline
