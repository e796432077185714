#include "admin/extension_service.hpp"

#include <algorithm>
#include <iterator>

#include "admin/audited_change.hpp"
#include "admin/numbers.hpp"
#include "admin/secret.hpp"
#include "db/calling_card_store.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
#include "db/group_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_display_name = 128;
constexpr std::size_t min_password = 6;
constexpr std::size_t max_password = 128;
constexpr unsigned max_appearances = 16;

std::vector<FieldFault> faults_of(const ExtensionDraft& draft, db::Database& database)
{
    std::vector<FieldFault> faults;
    if (!is_number(draft.number))
        faults.push_back({"/number", "malformed", "must be 1 to 32 of A-Z a-z 0-9 . _ + * # -"});
    else
        check_free(draft.number, NumberKind::extension, "/number", database, faults);
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
            row.extension.mode,   row.stamp,                  row.extension.trusted,
            row.extension.appearances, row.extension.phone_notifies};
}

/// Takes `number` out of the groups that name it; each of them is a change of its own in the audit.
void remove_from_groups(db::Database& database, std::string_view number, AuditedChange& change)
{
    db::GroupStore groups{database};
    std::string last;
    for (const auto& reference : groups.references(number)) {
        if (reference.group == last) continue;  // member and watcher of the same one
        last = reference.group;
        const auto before = groups.find(reference.group);
        auto row = *before;
        std::erase(row.group.members, number);
        std::erase_if(row.group.watchers,
                      [&](const GroupWatcher& watcher) { return watcher.number == number; });
        change.write(groups, "group", reference.group, row, &db::StoredGroup::group, before);
    }
    db::RingGroupStore ring_groups{database};
    for (const auto& name : ring_groups.with_member(number)) {
        const auto before = ring_groups.find(name);
        auto row = *before;
        std::erase_if(row.group.members,
                      [&](const RingGroupMember& member) { return member.number == number; });
        change.write(ring_groups, "ring_group", name, row, &db::StoredRingGroup::group, before);
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
    AuditedChange change{database_, actor, now};
    if (auto faults = faults_of(draft, database_); !faults.empty())
        return unexpected{invalid(std::move(faults))};
    const db::ExtensionStore extensions{database_};
    const auto before = extensions.find(draft.number);
    ExtensionSaved saved;
    auto password = draft.sip_password;
    if (!password && (!before || draft.generate_password))
        password = saved.generated_password = make_sip_password();

    db::StoredExtension row = before.value_or(db::StoredExtension{});
    row.extension.number = draft.number;
    row.extension.display_name = draft.display_name;
    row.extension.visibility = draft.visibility;
    row.extension.mode = draft.mode;
    row.extension.trusted = draft.trusted;
    row.extension.appearances = draft.appearances;
    row.extension.phone_notifies = draft.phone_notifies;
    if (password) {
        row.extension.ha1_md5 = ha1_md5(draft.number, database_.domain(), *password);
        row.extension.ha1_sha256 = ha1_sha256(draft.number, database_.domain(), *password);
    }
    auto put = change.put(extensions, "extension", draft.number, std::move(row),
                          &db::StoredExtension::extension, condition);
    if (!put) return unexpected{std::move(put.error())};
    saved.extension = view_of(put->row);
    saved.created = put->created;
    saved.change = std::move(put->change);
    return saved;
}

Result<ConfigChange, Refusal> ExtensionService::remove(std::string_view number,
                                                       Memberships memberships,
                                                       const Precondition& condition,
                                                       const Actor& actor,
                                                       std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    return change.remove(db::ExtensionStore{database_}, "extension", number,
                         &db::StoredExtension::extension, condition, [&] {
                             auto references = leading_to(number, database_);
                             if (memberships == Memberships::keep)
                                 std::ranges::move(references_to(database_, number),
                                                   std::back_inserter(references));
                             else if (references.empty())
                                 remove_from_groups(database_, number, change);
                             if (!references.empty()) return references;
                             db::DigitPlanStore{database_}.forget(number);
                             db::CallingCardStore{database_}.forget(number);
                             return references;
                         });
}

}  // namespace lampline::admin
