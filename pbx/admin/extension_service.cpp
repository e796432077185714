#include "admin/extension_service.hpp"

#include <algorithm>

#include "admin/audit_text.hpp"
#include "admin/numbers.hpp"
#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "db/directory_loader.hpp"
#include "db/extension_store.hpp"
#include "db/group_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_display_name = 128;
constexpr std::size_t min_password = 6;
constexpr std::size_t max_password = 128;
constexpr unsigned max_appearances = 16;

std::vector<FieldFault> faults_of(const ExtensionDraft& draft)
{
    std::vector<FieldFault> faults;
    if (!is_number(draft.number))
        faults.push_back({"/number", "malformed", "must be 1 to 32 of A-Z a-z 0-9 . _ + * # -"});
    check_text(draft.display_name, max_display_name, "/display_name", faults);
    if (draft.sip_password) {
        check_text(*draft.sip_password, max_password, "/sip_password", faults);
        if (draft.sip_password->size() < min_password)
            faults.push_back({"/sip_password", "too_short", "must have at least 6 characters"});
    }
    if (draft.appearances > max_appearances)
        faults.push_back({"/appearances", "out_of_range", "must be 0 to 16"});
    return faults;
}

ExtensionView view_of(const db::StoredExtension& row)
{
    return {row.extension.number, row.extension.display_name, row.extension.visibility,
            row.stamp,            row.extension.trusted,      row.extension.appearances};
}

/// Takes `number` out of the groups that name it; each of them is a change of its own in the audit.
void remove_from_groups(db::Database& database, std::string_view number, const Actor& actor,
                        std::chrono::sys_seconds now)
{
    db::GroupStore groups{database};
    std::string last;
    for (const auto& reference : groups.references(number)) {
        if (reference.group == last) continue;  // member and watcher of the same one
        last = reference.group;
        auto row = groups.find(reference.group).value();
        const auto before = audit_text(row.group);
        std::erase(row.group.members, number);
        std::erase_if(row.group.watchers,
                      [&](const GroupWatcher& watcher) { return watcher.number == number; });
        row.stamp.updated_at = now;
        row.stamp.version = db::AuditStore{database}.record(
            {0, now, actor.name, actor.address, actor.request_id, "group.put", row.group.name,
             before, audit_text(row.group)});
        groups.put(row);
    }
    db::RingGroupStore ring_groups{database};
    for (const auto& name : ring_groups.with_member(number)) {
        auto row = ring_groups.find(name).value();
        const auto before = audit_text(row.group);
        std::erase_if(row.group.members,
                      [&](const RingGroupMember& member) { return member.number == number; });
        row.stamp.updated_at = now;
        row.stamp.version = db::AuditStore{database}.record({0, now, actor.name, actor.address,
                                                             actor.request_id, "ring_group.put",
                                                             name, before, audit_text(row.group)});
        ring_groups.put(row);
    }
}

/// Where a group or a ring group names `number`.
std::vector<db::GroupReference> references_to(db::Database& database, std::string_view number)
{
    auto references = db::GroupStore{database}.references(number);
    for (auto& group : db::RingGroupStore{database}.with_member(number))
        references.push_back({std::move(group), "member", {}, "ring_group"});
    return references;
}

}  // namespace

std::optional<ExtensionView> ExtensionService::find(std::string_view number) const
{
    const auto row = db::ExtensionStore{database_}.find(number);
    if (!row) return std::nullopt;
    return view_of(*row);
}

std::vector<ExtensionView> ExtensionService::all() const
{
    std::vector<ExtensionView> views;
    for (const auto& row : db::ExtensionStore{database_}.all()) views.push_back(view_of(row));
    return views;
}

Result<ExtensionSaved, Refusal> ExtensionService::put(const ExtensionDraft& draft,
                                                      const Precondition& condition,
                                                      const Actor& actor,
                                                      std::chrono::sys_seconds now)
{
    if (auto faults = faults_of(draft); !faults.empty())
        return unexpected{Refusal{RefusalKind::invalid, std::move(faults), {}, 0}};

    db::Transaction transaction{database_, db::Durability::full};
    if (db::RingGroupStore{database_}.find(draft.number))
        return unexpected{Refusal{RefusalKind::invalid,
                                  {{"/number", "ring_group", "is the number of a ring group"}},
                                  {},
                                  0}};
    db::ExtensionStore extensions{database_};
    const auto before = extensions.find(draft.number);
    if (auto refusal = check(condition, before ? before->stamp.version : 0))
        return unexpected{std::move(*refusal)};

    ExtensionSaved saved;
    saved.created = !before;
    auto password = draft.sip_password;
    if (!password && (!before || draft.generate_password))
        password = saved.generated_password = make_sip_password();

    db::StoredExtension row = before.value_or(db::StoredExtension{});
    row.extension.number = draft.number;
    row.extension.display_name = draft.display_name;
    row.extension.visibility = draft.visibility;
    row.extension.trusted = draft.trusted;
    row.extension.appearances = draft.appearances;
    if (password) {
        row.extension.ha1_md5 = ha1_md5(draft.number, database_.domain(), *password);
        row.extension.ha1_sha256 = ha1_sha256(draft.number, database_.domain(), *password);
    }
    if (saved.created) row.stamp.created_at = now;
    row.stamp.updated_at = now;
    db::AuditRow audit{0,
                       now,
                       actor.name,
                       actor.address,
                       actor.request_id,
                       "extension.put",
                       draft.number,
                       std::nullopt,
                       audit_text(row.extension)};
    if (before) audit.before = audit_text(before->extension);
    row.stamp.version = db::AuditStore{database_}.record(audit);
    extensions.put(row);
    transaction.commit();

    saved.extension = view_of(row);
    saved.change.directory = db::load_directory(database_);
    return saved;
}

Result<ConfigChange, Refusal> ExtensionService::remove(std::string_view number,
                                                       Memberships memberships,
                                                       const Precondition& condition,
                                                       const Actor& actor,
                                                       std::chrono::sys_seconds now)
{
    db::Transaction transaction{database_, db::Durability::full};
    db::ExtensionStore extensions{database_};
    const auto before = extensions.find(number);
    if (auto refusal = check(condition, before ? before->stamp.version : 0))
        return unexpected{std::move(*refusal)};
    if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};

    if (memberships == Memberships::remove)
        remove_from_groups(database_, number, actor, now);
    else if (auto references = references_to(database_, number); !references.empty())
        return unexpected{
            Refusal{RefusalKind::in_use, {}, std::move(references), before->stamp.version}};
    db::AuditStore{database_}.record({0, now, actor.name, actor.address, actor.request_id,
                                      "extension.delete", std::string{number},
                                      audit_text(before->extension), std::nullopt});
    extensions.remove(number);
    transaction.commit();
    return ConfigChange{db::load_directory(database_)};
}

}  // namespace lampline::admin
