#include "admin/extension_service.hpp"

#include <algorithm>

#include "admin/audit_text.hpp"
#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "db/directory_loader.hpp"
#include "db/extension_store.hpp"
#include "db/group_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_number = 32;
constexpr std::size_t max_display_name = 128;
constexpr std::size_t min_password = 6;
constexpr std::size_t max_password = 128;

bool is_number(std::string_view text)
{
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789._+*#-";
    return !text.empty() && text.size() <= max_number &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

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
    return faults;
}

ExtensionView view_of(const db::StoredExtension& row)
{
    return {row.extension.number, row.extension.display_name, row.extension.visibility, row.stamp};
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
    else if (auto references = db::GroupStore{database_}.references(number); !references.empty())
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
