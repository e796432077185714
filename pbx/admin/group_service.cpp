#include "admin/group_service.hpp"

#include <algorithm>
#include <unordered_set>

#include "admin/body_profile_service.hpp"
#include "db/extension_store.hpp"
#include "db/park_lot_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_name = 32;
constexpr std::size_t max_display_name = 128;

bool is_group_name(std::string_view text)
{
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return !text.empty() && text.size() <= max_name &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Checks one list of numbers, told one after the other.
class NumberList {
public:
    NumberList(db::Database& database, std::vector<FieldFault>& faults)
        : extensions_{database}, faults_{faults}
    {
    }

    void check(const std::string& number, std::string pointer)
    {
        if (!seen_.insert(number).second)
            faults_.push_back({std::move(pointer), "duplicate", number + " is named twice"});
        else if (!extensions_.find(number))
            faults_.push_back(
                {std::move(pointer), "unknown_extension", "there is no extension " + number});
    }

private:
    db::ExtensionStore extensions_;
    std::vector<FieldFault>& faults_;
    std::unordered_set<std::string> seen_;
};

void check_profile(const BodyProfileService& profiles, const std::string& profile,
                   std::string pointer, std::vector<FieldFault>& faults)
{
    if (!profile.empty() && !profiles.exists(profile))
        faults.push_back(
            {std::move(pointer), "unknown_profile", "there is no body profile " + profile});
}

void check_watching_groups(const Group& group, db::Database& database,
                           std::vector<FieldFault>& faults)
{
    const db::GroupStore groups{database};
    const BodyProfileService profiles{database};
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < group.watching_groups.size(); ++i) {
        const auto& [name, unsolicited, profile] = group.watching_groups[i];
        const auto pointer = "/watching_groups/" + std::to_string(i);
        if (!seen.insert(name).second)
            faults.push_back({pointer + "/name", "duplicate", name + " is named twice"});
        else if (name != group.name && !groups.find(name))
            faults.push_back({pointer + "/name", "unknown_group", "there is no group " + name});
        check_profile(profiles, profile, pointer + "/profile", faults);
    }
}

std::vector<FieldFault> faults_of(const Group& group, db::Database& database)
{
    std::vector<FieldFault> faults;
    if (!is_group_name(group.name))
        faults.push_back({"/name", "malformed", "must be 1 to 32 of a-z 0-9 _ -"});
    check_text(group.display_name, max_display_name, "/display_name", faults);
    const auto limit = std::to_string(GroupService::max_members);
    if (group.members.size() > GroupService::max_members)
        faults.push_back({"/members", "too_many", "must be at most " + limit});
    if (group.watchers.size() > GroupService::max_members)
        faults.push_back({"/watchers", "too_many", "must be at most " + limit});
    if (group.watching_groups.size() > GroupService::max_members)
        faults.push_back({"/watching_groups", "too_many", "must be at most " + limit});
    if (!faults.empty()) return faults;

    NumberList members{database, faults};
    for (std::size_t i = 0; i < group.members.size(); ++i)
        members.check(group.members[i], "/members/" + std::to_string(i));
    NumberList watchers{database, faults};
    const BodyProfileService profiles{database};
    for (std::size_t i = 0; i < group.watchers.size(); ++i) {
        const auto& [number, unsolicited, profile] = group.watchers[i];
        const auto pointer = "/watchers/" + std::to_string(i);
        watchers.check(number, pointer + "/number");
        check_profile(profiles, profile, pointer + "/profile", faults);
    }
    check_watching_groups(group, database, faults);
    return faults;
}

/// What says by the name of the group who may do something. Without it the last group of a park
/// lot would leave nobody there, and a later one of the same name would come into its rights.
std::vector<db::GroupReference> uses_of(std::string_view name, db::Database& database)
{
    auto found = db::GroupStore{database}.watched_by_group(name);
    const auto lot = db::ParkLotStore{database}.find();
    if (!lot || lot->content.number.empty()) return found;
    const auto& groups = lot->content.groups;
    const auto place = std::ranges::find(groups, name);
    if (place != groups.end())
        found.push_back({lot->content.number, "user", {}, "park_lot",
                         "/groups/" + std::to_string(place - groups.begin())});
    return found;
}

}  // namespace

std::optional<db::StoredGroup> GroupService::find(std::string_view name) const
{
    return db::GroupStore{database_}.find(name);
}

std::vector<db::StoredGroup> GroupService::all() const
{
    return db::GroupStore{database_}.all();
}

Result<GroupSaved, Refusal> GroupService::put(const Group& group, const Precondition& condition,
                                              const Actor& actor, std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    if (auto faults = faults_of(group, database_); !faults.empty())
        return unexpected{invalid(std::move(faults))};
    return change.put(db::GroupStore{database_}, "group", group.name, db::StoredGroup{group, {}},
                      &db::StoredGroup::group, condition);
}

Result<ConfigChange, Refusal> GroupService::remove(std::string_view name,
                                                   const Precondition& condition,
                                                   const Actor& actor, std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    return change.remove(db::GroupStore{database_}, "group", name, &db::StoredGroup::group,
                         condition, [&] { return uses_of(name, database_); });
}

}  // namespace lampline::admin
