#include "admin/ring_group_service.hpp"

#include <unordered_set>

#include "admin/audit_text.hpp"
#include "admin/feature_code_service.hpp"
#include "admin/numbers.hpp"
#include "db/audit_store.hpp"
#include "db/directory_loader.hpp"
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
    else if (db::ExtensionStore{database}.find(group.number))
        faults.push_back({"/number", "extension", "is the number of an extension"});
    for (const auto& code : FeatureCodeService{database}.all())
        if (code.code == group.number)
            faults.push_back(
                {"/number", "feature_code", "is the code of " + std::string{name(code.feature)}});
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
    }
}

std::vector<FieldFault> faults_of(const RingGroup& group, db::Database& database)
{
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
    else if (!group.overflow.empty() && !is_destination(group.overflow, database))
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
    db::Transaction transaction{database_, db::Durability::full};
    if (auto faults = faults_of(group, database_); !faults.empty())
        return unexpected{Refusal{RefusalKind::invalid, std::move(faults), {}, 0}};
    db::RingGroupStore groups{database_};
    const auto before = groups.find(group.number);
    if (auto refusal = check(condition, before ? before->stamp.version : 0))
        return unexpected{std::move(*refusal)};

    RingGroupSaved saved;
    saved.created = !before;
    saved.group.group = group;
    saved.group.stamp.created_at = before ? before->stamp.created_at : now;
    saved.group.stamp.updated_at = now;
    db::AuditRow audit{0,
                       now,
                       actor.name,
                       actor.address,
                       actor.request_id,
                       "ring_group.put",
                       group.number,
                       std::nullopt,
                       audit_text(group)};
    if (before) audit.before = audit_text(before->group);
    saved.group.stamp.version = db::AuditStore{database_}.record(audit);
    groups.put(saved.group);
    transaction.commit();

    saved.change.directory = db::load_directory(database_);
    return saved;
}

Result<ConfigChange, Refusal> RingGroupService::remove(std::string_view number,
                                                       const Precondition& condition,
                                                       const Actor& actor,
                                                       std::chrono::sys_seconds now)
{
    db::Transaction transaction{database_, db::Durability::full};
    db::RingGroupStore groups{database_};
    const auto before = groups.find(number);
    if (auto refusal = check(condition, before ? before->stamp.version : 0))
        return unexpected{std::move(*refusal)};
    if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};
    db::AuditStore{database_}.record({0, now, actor.name, actor.address, actor.request_id,
                                      "ring_group.delete", std::string{number},
                                      audit_text(before->group), std::nullopt});
    groups.remove(number);
    transaction.commit();
    return ConfigChange{db::load_directory(database_)};
}

}  // namespace lampline::admin
