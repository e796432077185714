#include "admin/ring_group_service.hpp"

#include <unordered_set>

#include "admin/numbers.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_display_name = 128;
constexpr std::chrono::seconds min_ring{5};
constexpr std::chrono::seconds max_ring{600};

void check_key(const RingGroup& group, db::Database& database, std::vector<FieldFault>& faults)
{
    if (!is_number(group.number))
        faults.push_back({"/number", "malformed", "must be 1 to 32 of A-Z a-z 0-9 . _ + * # -"});
    else
        check_free(group.number, NumberKind::ring_group, "/number", database, faults);
}

void check_members(const RingGroup& group, db::Database& database, std::vector<FieldFault>& faults)
{
    const db::ExtensionStore extensions{database};
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < group.members.size(); ++i) {
        const auto& member = group.members[i];
        const auto pointer = "/members/" + std::to_string(i);
        if (!seen.insert(member.number).second)
            faults.push_back({pointer + "/number", "duplicate", member.number + " is named twice"});
        else if (!extensions.find(member.number))
            faults.push_back({pointer + "/number", "unknown_extension",
                              "there is no extension " + member.number});
        if (member.delay.count() < 0 || member.delay > max_ring)
            faults.push_back({pointer + "/delay", "out_of_range", "must be 0 to 600 seconds"});
        else if (group.strategy == RingStrategy::all && member.delay >= group.ring_time &&
                 member.delay.count() > 0)
            faults.push_back({pointer + "/delay", "too_long",
                              "must be less than the " + std::to_string(group.ring_time.count()) +
                                  " seconds that the group rings"});
    }
}

std::vector<FieldFault> faults_of(const RingGroup& group, db::Database& database)
{
    const auto before = db::RingGroupStore{database}.find(group.number);
    std::vector<FieldFault> faults;
    if (group.members.size() > RingGroupService::max_members)
        return {{"/members", "too_many",
                 "must be at most " + std::to_string(RingGroupService::max_members)}};
    check_key(group, database, faults);
    check_text(group.display_name, max_display_name, "/display_name", faults);
    check_members(group, database, faults);
    if (group.ring_time < min_ring || group.ring_time > max_ring)
        faults.push_back({"/ring_time", "out_of_range", "must be 5 to 600 seconds"});
    if (group.overflow == group.number && !group.number.empty())
        faults.push_back({"/overflow", "itself", "must not be the group's own number"});
    else if (!may_lead_to(group.overflow, before ? before->group.overflow : "", database))
        faults.push_back(
            {"/overflow", "unknown_number", "nobody has the number " + group.overflow});
    return faults;
}

}  // namespace

std::optional<db::StoredRingGroup> RingGroupService::find(std::string_view number) const
{
    return db::RingGroupStore{database_}.find(number);
}

std::vector<db::StoredRingGroup> RingGroupService::all() const
{
    return db::RingGroupStore{database_}.all();
}

Result<RingGroupSaved, Refusal> RingGroupService::put(const RingGroup& group,
                                                      const Precondition& condition,
                                                      const Actor& actor,
                                                      std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    if (auto faults = faults_of(group, database_); !faults.empty())
        return unexpected{invalid(std::move(faults))};
    return change.put(db::RingGroupStore{database_}, "ring_group", group.number,
                      db::StoredRingGroup{group, {}}, &db::StoredRingGroup::group, condition);
}

Result<ConfigChange, Refusal> RingGroupService::change(const FeatureAsked& asked,
                                                       std::chrono::sys_seconds now)
{
    const Actor phone{"extension " + asked.extension, asked.address, ""};
    AuditedChange change{database_, phone, now};
    db::RingGroupStore store{database_};
    const auto& named = asked.dialled.number;
    const auto numbers =
        named ? std::vector<std::string>{*named} : store.with_member(asked.extension);
    const bool logged_in = asked.dialled.feature == Feature::log_in;
    bool is_member = false;
    bool changes = false;
    for (const auto& number : numbers) {
        const auto before = store.find(number);
        if (!before || !before->group.member(asked.extension)) continue;
        is_member = true;
        auto row = *before;
        for (auto& member : row.group.members)
            if (member.number == asked.extension) member.logged_in = logged_in;
        if (row.group == before->group) continue;
        changes = true;
        change.write(store, "ring_group", number, row, &db::StoredRingGroup::group, before);
    }
    if (!is_member)
        return unexpected{invalid(
            {{"/members", "no_member", named ? "Not A Member Of It" : "In No Ring Group"}})};
    return changes ? change.commit() : ConfigChange{};
}

Result<ConfigChange, Refusal> RingGroupService::remove(std::string_view number,
                                                       const Precondition& condition,
                                                       const Actor& actor,
                                                       std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    return change.remove(db::RingGroupStore{database_}, "ring_group", number,
                         &db::StoredRingGroup::group, condition, [&] {
                             auto references = leading_to(number, database_);
                             if (references.empty()) db::DigitPlanStore{database_}.forget(number);
                             return references;
                         });
}

}  // namespace lampline::admin
